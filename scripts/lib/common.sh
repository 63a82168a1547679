# shellcheck shell=bash
# What every script needs: where the repository is, how to speak, how to fail, what to undo at the end.
# Sourced, never run; the caller has set -euo pipefail.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034 # for those who source this
readonly ROOT

# The name in front of each line, so that it can be told from the output of the tools that are called.
SPEAKER=${SPEAKER:-$(basename "$0")}

# say WORDS...: one line of progress.
say() {
    printf '%s: %s\n' "$SPEAKER" "$*"
}

# fail WORDS...: one clear sentence on standard error, exit 1.
fail() {
    printf '%s: %s\n' "$SPEAKER" "$*" >&2
    exit 1
}

# usage_of FILE: the comment at the top of a script, which is its help text.
usage_of() {
    sed -n '2,/^[^#]/{s/^# \{0,1\}//;/^[^#]*$/p}' "$1" | sed '/^set -/,$d'
}

# wait_until SECONDS COMMAND...: runs the command ten times a second until it succeeds; 1 when it never did.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.1
    done
}

# phase NAME COMMAND...: runs the command between two lines that name it and the time it took.
phase() {
    local name=$1 began=$SECONDS
    shift
    printf '\n==> %s\n' "$name"
    "$@" || fail "$name failed after $((SECONDS - began)) s"
    printf '<== %s: %d s\n' "$name" $((SECONDS - began))
}
