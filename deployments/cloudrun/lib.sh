# shellcheck shell=bash
# What the scripts of a rollout on Cloud Run share. Sourced after scripts/lib/common.sh.
#
# Revisions go by tags: each candidate has one of its own, `live` is the revision that has all traffic, and `previous` the one
# that had it before. So what to go back to is known to Cloud Run itself, and not to the build that has long ended.

REGION=${REGION:-}
# shellcheck disable=SC2034 # for those who source this
TAG="" SERVICES=()

# need_value FLAG VALUE: fails when a flag is the last word.
need_value() {
    [[ -n ${2:-} ]] || fail "$1 needs a value; try --help"
}

# require_gcloud: fails with a sentence when there is no gcloud, or no region.
require_gcloud() {
    command -v gcloud >/dev/null || fail "gcloud is missing; https://cloud.google.com/sdk/docs/install has it"
    [[ -n $REGION ]] || fail "say where the services are: --region REGION"
}

# run_services VERB SERVICE ARGUMENT...: gcloud's command for a service, in the region, without questions.
run_services() {
    local verb=$1 service=$2
    shift 2
    gcloud run services "$verb" "$service" --region="$REGION" --quiet "$@"
}

# traffic_of SERVICE: one line for each part of the traffic and each tag: TAG,REVISION,PERCENT,URL,SERVICE'S URL.
traffic_of() {
    local part=status.traffic
    run_services describe "$1" --flatten="$part" \
        --format="csv[no-heading]($part.tag,$part.revisionName,$part.percent,$part.url,status.url)"
}

# revision_with TAG TRAFFIC: the revision that has the tag; nothing when none has.
revision_with() {
    awk -F, -v tag="$1" '$1 == tag { print $2; exit }' <<<"$2"
}

# split_in TRAFFIC: how traffic is split, as REVISION=PERCENT,… with the largest share first.
split_in() {
    awk -F, '$3 > 0 { share[$2] += $3 } END { for (name in share) print share[name], name }' <<<"$1" |
        sort -k1,1nr -k2 | awk '{ printf "%s%s=%s", separator, $2, $1; separator = "," }'
}

# split_traffic SERVICE ARGUMENT...: moves traffic, or tags.
split_traffic() {
    local service=$1
    shift
    run_services update-traffic "$service" "$@" >/dev/null
}
