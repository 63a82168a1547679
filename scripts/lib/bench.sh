# shellcheck shell=bash
# What the measurements need beside the release binaries.

# build_backend: the cheap backend, into .build/bench-backend, when its source is newer.
build_backend() {
    local source=$ROOT/Benchmarks/backend/backend.c program=$ROOT/.build/bench-backend
    [[ ! $program -nt $source ]] || return 0
    mkdir -p "$ROOT/.build"
    say "building the backend"
    gcc -std=gnu11 -O2 -Wall -Wextra -Werror -o "$program" "$source" || fail "the backend could not be built"
}
