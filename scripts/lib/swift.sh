# shellcheck shell=bash
# The Swift toolchain: 6.2 or later, wherever it is.

# find_swift: makes `swift` 6.2 or later the first on PATH, or says how to get it.
find_swift() {
    local candidate found="" version
    for candidate in ${SWIFT:+"$SWIFT"} swift $(usual_places); do
        candidate=$(command -v "$candidate" 2>/dev/null) || continue
        # OpenStack's client has the same name; it has no such version line.
        version=$("$candidate" --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
        [[ -n $version ]] || continue
        found=$version
        if is_at_least_6_2 "$version"; then
            PATH=$(dirname "$candidate"):$PATH
            export PATH
            return 0
        fi
    done
    if [[ -n $found ]]; then
        fail "Swift 6.2 or later is needed, this machine has $found; get it from https://www.swift.org/install/linux/"
    fi
    fail "Swift 6.2 or later is needed and was not found; get it from https://www.swift.org/install/linux/"
}

# usual_places: where installers put Swift, beside PATH.
usual_places() {
    compgen -G "${SWIFTLY_BIN_DIR:-$HOME/.local/share/swiftly/bin}/swift" || true
    compgen -G '/usr/local/swift*/usr/bin/swift' || true
    compgen -G '/opt/swift*/usr/bin/swift' || true
}

# is_at_least_6_2 MAJOR.MINOR
is_at_least_6_2() {
    local major=${1%%.*} minor=${1#*.}
    ((major > 6 || (major == 6 && minor >= 2)))
}
