# shellcheck shell=bash
# What the measurements need beside the release binaries.

# The gateway that valgrind can run: set by build_static_gateway.
STATIC_GATEWAY=""

# build_backend: the cheap backend, into .build/bench-backend, when its source is newer.
build_backend() {
    local source=$ROOT/Benchmarks/backend/backend.c program=$ROOT/.build/bench-backend
    [[ ! $program -nt $source ]] || return 0
    mkdir -p "$ROOT/.build"
    say "building the backend"
    gcc -std=gnu11 -O2 -Wall -Wextra -Werror -o "$program" "$source" || fail "the backend could not be built"
}

# build_static_gateway: a release build that needs no Swift library at run time; the release binary itself if it is one.
build_static_gateway() {
    STATIC_GATEWAY=$ROOT/.build/release/mcp-gateway
    ldd "$STATIC_GATEWAY" 2>/dev/null | grep -q libswiftCore || return 0
    say "building mcp-gateway, linked statically"
    (cd "$ROOT" && swift build --configuration release --scratch-path .build-static --static-swift-stdlib \
        -Xswiftc -enforce-exclusivity=unchecked --product mcp-gateway) ||
        fail "the static build of mcp-gateway failed; the errors are above"
    STATIC_GATEWAY=$ROOT/.build-static/release/mcp-gateway
}
