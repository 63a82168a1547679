#!/usr/bin/env bash
# The rules of Prometheus and the routes of Alertmanager are valid, and each alert is shown firing and staying silent.
# reads: monitoring/prometheus.yml monitoring/rules/ monitoring/alertmanager.yml
set -euo pipefail
# shellcheck source-path=SCRIPTDIR/../../scripts
source "$ROOT/scripts/lib/common.sh"
source "$ROOT/scripts/lib/packages.sh"
source "$ROOT/scripts/lib/python.sh"

need_command promtool prometheus
need_command amtool prometheus-alertmanager
need_python
install_missing
ensure_tools monitoring

say "what Prometheus reads"
promtool check config monitoring/prometheus.yml
promtool check rules monitoring/rules/*.yml

say "each alert firing and staying silent"
promtool test rules monitoring/rules/tests/*.yml
"$ROOT/.venv-monitoring/bin/python" Tests/Deployment/prometheus_rules/coverage.py

say "what Alertmanager reads"
amtool check-config monitoring/alertmanager.yml

# goes_to RECEIVER LABEL...: fails unless an alert with these labels is sent there, and nowhere else.
goes_to() {
    local receiver=$1 found
    shift
    found=$(amtool config routes test --config.file=monitoring/alertmanager.yml "$@" 2>/dev/null)
    [[ $found == "$receiver" ]] || fail "an alert with $* goes to $found, not to $receiver"
}

goes_to pager alertname=GatewayDown severity=page
goes_to tickets alertname=GatewayBackendDown severity=ticket
goes_to heartbeat alertname=Watchdog severity=none
goes_to tickets alertname=OfSomebodyElse
say "every alert has a way to go"
