# shellcheck shell=bash
# System packages: what is missing is named and installed, what is there is left alone.

# Filled by the need_* functions, emptied by install_missing.
MISSING_PACKAGES=()

# need_command COMMAND PACKAGE: notes the package unless the command is there.
need_command() {
    command -v "$1" >/dev/null 2>&1 || [[ -x /usr/sbin/$1 ]] || MISSING_PACKAGES+=("$2")
}

# need_file PATTERN PACKAGE: notes the package unless a file matches the pattern.
need_file() {
    compgen -G "$1" >/dev/null || MISSING_PACKAGES+=("$2")
}

# What a build needs beside Swift: its own documented requirements, of which small images lack some.
need_build_tools() {
    need_command git git
    need_file '/usr/include/*/sys/types.h' libc6-dev
    need_file '/usr/include/c++/*/vector' g++
}

# install_missing: installs what was noted, with sudo when not root; says so first. Nothing when nothing is missing.
install_missing() {
    ((${#MISSING_PACKAGES[@]})) || return 0
    local packages=("${MISSING_PACKAGES[@]}") as_root=()
    MISSING_PACKAGES=()
    command -v apt-get >/dev/null 2>&1 ||
        fail "these packages are missing and there is no apt-get to install them with: ${packages[*]}"
    if ((EUID != 0)); then
        command -v sudo >/dev/null 2>&1 ||
            fail "these packages are missing; install them as root: apt-get install ${packages[*]}"
        as_root=(sudo)
    fi
    say "installing ${packages[*]}"
    # An image may have no package lists, or lists too old to fetch by. Another apt may be at work: it is waited for.
    wait_until 300 apt_quietly "${as_root[@]}" apt-get update ||
        fail "apt-get update failed: $(apt_complaint)"
    local services
    services=$(idle_services "${packages[@]}")
    apt_quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${packages[@]}" ||
        fail "apt-get could not install ${packages[*]}: $(apt_complaint)"
    # Only the programs are wanted. Debian would run some of them as services too, on ports that are ours.
    if [[ -n $services ]] && [[ -d /run/systemd/system ]]; then
        # shellcheck disable=SC2086 # a list of words
        "${as_root[@]}" systemctl disable --now --quiet $services || true
    fi
}

# idle_services PACKAGE...: those of the packages that come with a service which is not in use on this machine yet.
idle_services() {
    local package
    for package in "$@"; do
        case $package in
            redis-server | nginx | haproxy | prometheus | prometheus-alertmanager) printf '%s ' "$package" ;;
            docker.io) printf 'docker.socket docker.service containerd.service ' ;;
        esac
    done
}

# apt_quietly COMMAND...: keeps the output for the case of failure.
apt_quietly() {
    "$@" >"${TMPDIR:-/tmp}/apt-output.$$" 2>&1 && rm -f "${TMPDIR:-/tmp}/apt-output.$$"
}

# apt_complaint: the last complaint of apt_quietly.
apt_complaint() {
    grep -E '^(E|W):' "${TMPDIR:-/tmp}/apt-output.$$" | tail -n 1
    rm -f "${TMPDIR:-/tmp}/apt-output.$$"
}
