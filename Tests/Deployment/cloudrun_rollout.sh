#!/usr/bin/env bash
# The scripts of a rollout on Cloud Run do with the real gcloud what they say, and take traffic back when a probe fails.
# reads: deployments/cloudrun/
#
# gcloud speaks to an API of our own, which keeps revisions and traffic as Cloud Run does; the services that are probed are
# real tool servers, and what probes them is mcp-monitor.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/../../scripts/lib/common.sh"
source "$ROOT/scripts/lib/packages.sh"
source "$ROOT/scripts/lib/processes.sh"

SCRIPTS=$ROOT/deployments/cloudrun
MONITOR=$BIN_DIR/mcp-monitor
CANDIDATE=c-2

if ! command -v gcloud >/dev/null; then
    echo "gcloud is not on this machine; https://cloud.google.com/sdk/docs/install has it"
    exit 77
fi
[[ -x $MONITOR ]] || fail "there is no mcp-monitor in $BIN_DIR"
need_command python3 python3
need_command jq jq
install_missing

begin_processes
export CLOUDSDK_CONFIG=$WORK/gcloud CLOUDSDK_CORE_PROJECT=my-project CLOUDSDK_CORE_DISABLE_PROMPTS=1
export CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=true CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK=true
echo made-up >"$WORK/token"
export CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=$WORK/token
# gcloud puts the region in front of the host, which is why it gets to the API by a proxy and not by an address.
export CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN=http://run.test/
export CLOUDSDK_PROXY_TYPE=http_no_tunnel CLOUDSDK_PROXY_ADDRESS=127.0.0.1
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
export REGION=europe-west1 PROBE_PAUSE=0

# A tool server is what callers reach, another what a candidate is. Nothing listens where an unwell one should be.
address_of() {
    sed -n 's/.*"address":"\([^"]*\)".*/\1/p' "$RUN_DIRECTORY/$1.log" | head -n 1
}
for name in live candidate; do
    start_process "$name" "$BIN_DIR/mcp-tool-server" --listen 127.0.0.1:0 --name "$name" --rate-limit 0
    await "$name" 20 listening is_listening "$name"
done
LIVE=http://$(address_of live) WELL=http://$(address_of candidate)
UNWELL=http://127.0.0.1:$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

# scene NAME [FILE CONTENT]...: two services with one revision each, and settings of the API.
API=""
scene() {
    local name=$1
    shift
    [[ -z $API ]] || kill "$(<"$RUN_DIRECTORY/$API.pid")"
    API=api-$name
    FOLDER=$WORK/$name
    mkdir "$FOLDER"
    jq -n --arg url "$LIVE" '{
        "mcp-tool-server": {containers: {"tool-server": "tool-server:1"}, url: $url},
        "mcp-gateway": {containers: {gateway: "gateway:1", "tools-1": "tool-server:1", "tools-2": "tool-server:1"}, url: $url}
    }' >"$FOLDER/services.json"
    echo "{\"mcp-gateway\": \"$WELL\", \"mcp-tool-server\": \"$WELL\"}" >"$FOLDER/urls.json"
    while (($#)); do
        echo "$2" >"$FOLDER/$1.json"
        shift 2
    done
    : >"$FOLDER/journal"
    start_process "$API" python3 "$ROOT/Tests/Deployment/cloudrun_rollout/api.py" "$FOLDER"
    wait_until 20 test -s "$FOLDER/port" || fail "the API did not start"
    CLOUDSDK_PROXY_PORT=$(<"$FOLDER/port")
    export CLOUDSDK_PROXY_PORT
    # What makes tokens in gcloud knows of no proxy, but it does not touch the host either.
    export CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS=http://127.0.0.1:$CLOUDSDK_PROXY_PORT/
    say "scene: ${name//-/ }"
}

# what_happened: each change of a service, one a line: the service, the split of its traffic, and its tags.
what_happened() {
    jq -r '[(.service | ltrimstr("mcp-")),
        (.split | to_entries | map("\(.key)=\(.value)") | join(",")),
        (.tags | to_entries | map("\(.key)@\(.value)") | sort | join(","))] | join(" ")' "$FOLDER/journal"
}

# expect_changes TEXT: fails unless this has happened since the scene began.
expect_changes() {
    local difference
    difference=$(diff <(printf '%s' "${1:+$1$'\n'}") <(what_happened)) || fail "the changes are not those that were expected (<):
$difference"
}

# expect_failure TEXT COMMAND...: fails unless the command does, and says why.
expect_failure() {
    local text=$1 said
    shift
    if said=$("$@" 2>&1); then fail "succeeded, and must not have: $*"; fi
    [[ $said == *"$text"* ]] || fail "failed without a word of '$text': $*
$said"
}

deploy() {
    "$SCRIPTS/deploy-candidate" --service mcp-tool-server --tag "$CANDIDATE" tool-server=tool-server:2
    "$SCRIPTS/deploy-candidate" --service mcp-gateway --tag "$CANDIDATE" gateway=gateway:2 'tools-*=tool-server:2'
}

PROBE=(--monitor "$MONITOR" --attempts 1)
promote() {
    "$SCRIPTS/promote" --tag "$CANDIDATE" --pause 0 "${PROBE[@]}" "$@" mcp-tool-server mcp-gateway
}

DEPLOYED="tool-server 1=100 $CANDIDATE@2
gateway 1=100 $CANDIDATE@2"

scene all-is-well
deploy
expect_changes "$DEPLOYED"
[[ $(jq -c 'select(.service == "mcp-gateway") | .images' "$FOLDER/journal") == '{"gateway":"gateway:2","tools-1":"tool-server:2","tools-2":"tool-server:2"}' ]] ||
    fail "the images of the gateway's containers are wrong: $(cat "$FOLDER/journal")"
"$SCRIPTS/probe" --tag "$CANDIDATE" --account probe@my-project.iam.gserviceaccount.com "${PROBE[@]}" mcp-tool-server mcp-gateway
expect_changes "$DEPLOYED"
# Who probes proves who it is to the service, whichever of its names it calls.
[[ $(jq -c '[.account, .audience]' "$FOLDER/tokens" | sort -u) == "[\"probe@my-project.iam.gserviceaccount.com\",\"$LIVE\"]" ]] ||
    fail "tokens were asked for otherwise: $(cat "$FOLDER/tokens")"
PROBE+=(--account probe@my-project.iam.gserviceaccount.com)
promote --steps 10,100
LIVE_NOW="$DEPLOYED
tool-server 1=90,2=10 $CANDIDATE@2
gateway 1=90,2=10 $CANDIDATE@2
tool-server 2=100 $CANDIDATE@2
gateway 2=100 $CANDIDATE@2
tool-server 2=100 live@2,previous@1
gateway 2=100 live@2,previous@1"
expect_changes "$LIVE_NOW"

say "and back again"
"$SCRIPTS/rollback" mcp-tool-server mcp-gateway
expect_changes "$LIVE_NOW
tool-server 1=100 live@1,previous@1
gateway 1=100 live@1,previous@1"
NEW=$(jq -r 'select(.service == "mcp-gateway") | .revisions[1]' "$FOLDER/journal" | tail -n 1)
"$SCRIPTS/rollback" --to "$NEW" mcp-gateway
[[ $(what_happened | tail -n 1) == "gateway 2=100 live@2,previous@1" ]] || fail "rollback --to: $(what_happened | tail -n 1)"

scene candidate-is-unwell urls "{\"mcp-tool-server\": \"$WELL\", \"mcp-gateway\": \"$UNWELL\"}"
deploy
expect_failure "mcp-gateway is unwell as $CANDIDATE" "$SCRIPTS/probe" --tag "$CANDIDATE" "${PROBE[@]}" mcp-tool-server mcp-gateway
# No traffic has moved.
expect_changes "$DEPLOYED"

say "promoted all the same, it is taken back"
expect_failure "mcp-gateway is unwell as $CANDIDATE at 50 %" promote --steps 50,100
expect_changes "$DEPLOYED
tool-server 1=50,2=50 $CANDIDATE@2
gateway 1=50,2=50 $CANDIDATE@2
tool-server 1=100 $CANDIDATE@2
gateway 1=100 $CANDIDATE@2"

# The gateway's second change, after its candidate.
scene traffic-cannot-be-moved refuse '{"mcp-gateway": 2}'
deploy
expect_failure "traffic is back at mcp-tool-server-00001-abc=100" promote --steps 100
expect_changes "$DEPLOYED
tool-server 2=100 $CANDIDATE@2
tool-server 1=100 $CANDIDATE@2
gateway 1=100 $CANDIDATE@2"

scene candidate-does-not-start broken '["gateway:2"]'
expect_failure "did not start" deploy
[[ $(what_happened | tail -n 1) == "gateway 1=100 $CANDIDATE@2" ]] || fail "traffic has moved: $(what_happened)"

scene what-is-asked-for-wrongly
expect_failure "terraform apply makes it" "$SCRIPTS/deploy-candidate" --service mcp-other --tag c-2 gateway=gateway:2
expect_failure "mcp-gateway has no container main; it has gateway tools-1 tools-2" \
    "$SCRIPTS/deploy-candidate" --service mcp-gateway --tag c-2 gateway=gateway:2 main=gateway:2
expect_failure "small letters" "$SCRIPTS/deploy-candidate" --service mcp-gateway --tag C_2 gateway=gateway:2
expect_failure "no revision with the tag c-9" "$SCRIPTS/promote" --tag c-9 "${PROBE[@]}" mcp-gateway
expect_failure "the last of them 100" "$SCRIPTS/promote" --tag c-2 --steps 10,50 "${PROBE[@]}" mcp-gateway
expect_failure "say what probes" "$SCRIPTS/probe" mcp-gateway
expect_failure "no revision with the tag previous" "$SCRIPTS/rollback" mcp-gateway
REGION="" expect_failure "say where" "$SCRIPTS/rollback" mcp-gateway
expect_changes ""

for script in deploy-candidate probe promote rollback; do
    "$SCRIPTS/$script" --help | grep -q '^usage: ' || fail "$script --help does not say how it is used"
done
say "all scenes went as they should"
