# shellcheck shell=bash
# Processes that a script starts and that must not outlive it.

# Set by begin_processes: holds NAME.pid and NAME.log of each process.
RUN_DIRECTORY=""
STARTED=()

# begin_processes: makes the folder, and sees to it that all is stopped however the script ends.
begin_processes() {
    RUN_DIRECTORY=$(mktemp -d "${TMPDIR:-/tmp}/mcp-gateway.XXXXXX")
    trap end_processes EXIT
    trap 'exit 129' HUP
}

# port_is_taken PORT: whether something listens there on the loopback address.
port_is_taken() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# require_free_port PORT WHAT: fails with a sentence when the port is taken.
require_free_port() {
    ! port_is_taken "$1" || fail "port $1 is taken, and $2 needs it; stop what listens there and try again"
}

# start_process NAME COMMAND...: in a session of its own, so that Ctrl-C reaches it once, through us; and asked to end by
# the system should we be killed.
start_process() {
    local name=$1
    shift
    setsid setpriv --pdeathsig TERM "$@" >"$RUN_DIRECTORY/$name.log" 2>&1 </dev/null &
    echo $! >"$RUN_DIRECTORY/$name.pid"
    STARTED+=("$name")
}

# is_running NAME
is_running() {
    kill -0 "$(<"$RUN_DIRECTORY/$1.pid")" 2>/dev/null
}

# is_listening NAME: whether it has printed the line that says so.
is_listening() {
    grep -q '"message":"listening"' "$RUN_DIRECTORY/$1.log"
}

# has_settled NAME CONDITION...: whether the condition holds, or never will because the process has ended.
has_settled() {
    local name=$1
    shift
    "$@" || ! is_running "$name"
}

# await NAME SECONDS WHAT CONDITION...: fails with a sentence and the process' last words when the condition does not come.
await() {
    local name=$1 seconds=$2 what=$3
    shift 3
    wait_until "$seconds" has_settled "$name" "$@" || true
    if "$@"; then return 0; fi
    tail -n 5 "$RUN_DIRECTORY/$name.log" >&2
    is_running "$name" || fail "$name ended before it was $what; its last words are above"
    fail "$name was not $what within $seconds s; its last words are above"
}

# has_ended PID
has_ended() {
    ! kill -0 "$1" 2>/dev/null
}

# end_processes: asks each process to end, last started first, waits, and makes the stubborn.
end_processes() {
    local name pid
    trap - EXIT
    trap '' INT TERM HUP
    for ((index = ${#STARTED[@]} - 1; index >= 0; index--)); do
        name=${STARTED[index]}
        pid=$(<"$RUN_DIRECTORY/$name.pid")
        kill -TERM "$pid" 2>/dev/null || continue
        wait_until 10 has_ended "$pid" || kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    [[ -z $RUN_DIRECTORY ]] || rm -rf "$RUN_DIRECTORY"
}
