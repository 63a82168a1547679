# shellcheck shell=bash
# Asking a service whether it works: by mcp-monitor, whose exit status decides. Sourced after lib.sh.

MONITOR=()
ACCOUNT=""
ATTEMPTS=3

# probe_flag FLAG VALUE: takes a flag that says how to probe; 1 when it is none.
probe_flag() {
    case $1 in
        --monitor) MONITOR=("$2") ;;
        # In a build the network `cloudbuild` leads to the world. The token goes by the environment, which no list of processes
        # shows.
        --monitor-image) MONITOR=(docker run --rm --network="${DOCKER_NETWORK:-cloudbuild}" --env PROBE_TOKEN "$2") ;;
        --account) ACCOUNT=$2 ;;
        --attempts) ATTEMPTS=$2 ;;
        *) return 1 ;;
    esac
}

# require_monitor: fails when it has not been said what probes.
require_monitor() {
    ((${#MONITOR[@]})) || fail "say what probes: --monitor-image IMAGE or --monitor PROGRAM"
    [[ $ATTEMPTS =~ ^[1-9][0-9]?$ ]] || fail "--attempts must be a number from 1 to 99"
}

# The tokens that there are already, by the URLs of the services they are for.
declare -A TOKENS=()

# token_for AUDIENCE: proves to Cloud Run who asks. As an account of its own a build cannot get one from its machine.
token_for() {
    if [[ -n $ACCOUNT ]]; then
        gcloud auth print-identity-token --impersonate-service-account="$ACCOUNT" --audiences="$1" --include-email --quiet
    else
        gcloud auth print-identity-token --quiet
    fi
}

# forget_old_tokens: in good time, since a token lives for an hour.
forget_old_tokens() {
    ((SECONDS < 1200)) || { TOKENS=() && SECONDS=0; }
}

# probe_service SERVICE TRAFFIC [TAG]: whether the revision with the tag is healthy, or whatever has traffic.
probe_service() {
    local service=$1 traffic=$2 tag=${3:-} audience url attempt
    audience=$(awk -F, '{ print $5; exit }' <<<"$traffic")
    url=$audience
    if [[ -n $tag ]]; then
        url=$(awk -F, -v tag="$tag" '$1 == tag { print $4; exit }' <<<"$traffic")
        [[ -n $url ]] || fail "$service has no revision with the tag $tag"
    fi
    # The token is for the service, under whichever of its names it is called.
    if [[ -z ${TOKENS[$audience]:-} ]]; then
        TOKENS[$audience]=$(token_for "$audience") || fail "there is no token for $service; who probes must be one of its invokers"
    fi
    export PROBE_TOKEN=${TOKENS[$audience]}
    for ((attempt = 1; attempt <= ATTEMPTS; attempt++)); do
        # The first one may find the service without instances, and wait for a start.
        if "${MONITOR[@]}" --once --bearer env:PROBE_TOKEN "$service=$url/mcp"; then return 0; fi
        say "$service: probe $attempt of $ATTEMPTS failed"
        ((attempt == ATTEMPTS)) || sleep "${PROBE_PAUSE:-5}"
    done
    return 1
}
