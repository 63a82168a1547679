#!/usr/bin/env python3
"""Writes the dashboards of this folder: what they show is easier to read, and to change, here than in Grafana's JSON.

usage: monitoring/grafana/dashboards.py          write dashboards/*.json
       monitoring/grafana/dashboards.py FOLDER   write them there instead

A panel is one call below: its title, what it tells, its unit, and its queries with the legends of their lines. Whoever would
rather draw in the browser can: save the JSON over the file, and drop this script.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Query = tuple[str, str]
"""An expression, and the legend of its lines."""

DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24
"""The columns of Grafana's grid."""

GREEN, YELLOW, ORANGE, RED, BLUE, GRAY = "green", "yellow", "orange", "red", "blue", "text"


def steps(*levels: tuple[float | None, str]) -> Json:
    """Colours by value: each from its number on, the first one from the beginning."""
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for value, color in levels]}


PLAIN = steps((None, GREEN))


def targets(queries: list[Query], *, instant: bool = False, heatmap: bool = False) -> list[Json]:
    """The queries of a panel, as Grafana wants them."""
    return [
        {
            "datasource": DATASOURCE,
            "editorMode": "code",
            "expr": expression,
            "format": "heatmap" if heatmap else "time_series",
            "instant": instant,
            "legendFormat": legend,
            "range": not instant,
            "refId": chr(ord("A") + index),
        }
        for index, (expression, legend) in enumerate(queries)
    ]


def panel(kind: str, title: str, about: str, queries: list[Json], defaults: Json, options: Json) -> Json:
    """What all kinds of panels have in common."""
    return {
        "type": kind,
        "title": title,
        "description": about,
        "datasource": DATASOURCE,
        "targets": queries,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
    }


def stat(
    title: str, about: str, unit: str, expression: str, *, colors: Json = PLAIN, decimals: int | None = None,
) -> Json:
    """One number, coloured by its thresholds, with its course behind it."""
    defaults: Json = {"unit": unit, "color": {"mode": "thresholds"}, "thresholds": colors, "noValue": "–"}
    if decimals is not None:
        defaults["decimals"] = decimals
    options = {
        "colorMode": "value",
        "graphMode": "area",
        "justifyMode": "auto",
        "orientation": "auto",
        "textMode": "value",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    }
    return panel("stat", title, about, targets([(expression, "")]), defaults, options)


def graph(
    title: str, about: str, unit: str, *queries: Query, colors: Json | None = None, stacked: bool = False,
    most: float | None = None,
) -> Json:
    """Lines over time. `colors` draws thresholds as dashed lines, `most` is the top of the axis."""
    defaults: Json = {
        "unit": unit,
        "min": 0,
        "color": {"mode": "palette-classic"},
        "thresholds": colors or PLAIN,
        "custom": {
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": 25 if stacked else 8,
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
            "thresholdsStyle": {"mode": "dashed" if colors else "off"},
        },
    }
    if most is not None:
        defaults["max"] = most
    options = {
        "legend": {"calcs": ["mean", "max", "lastNotNull"], "displayMode": "table", "placement": "bottom",
                   "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return panel("timeseries", title, about, targets(list(queries)), defaults, options)


def states(title: str, about: str, query: Query, names: dict[int, tuple[str, str]]) -> Json:
    """A bar for each line, in the colours of the states that its values stand for."""
    mappings = [{
        "type": "value",
        "options": {str(value): {"text": text, "color": color, "index": index}
                    for index, (value, (text, color)) in enumerate(names.items())},
    }]
    defaults = {
        "unit": "none",
        "color": {"mode": "thresholds"},
        "thresholds": steps(*((value or None, names[value][1]) for value in sorted(names))),
        "mappings": mappings,
        "custom": {"fillOpacity": 80, "lineWidth": 0},
    }
    options = {
        "alignValue": "left",
        "mergeValues": True,
        "rowHeight": 0.85,
        "showValue": "never",
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return panel("state-timeline", title, about, targets([query]), defaults, options)


def heatmap(title: str, about: str, unit: str, expression: str) -> Json:
    """How values are spread, over time: the darker, the more."""
    options = {
        "calculate": False,
        "cellGap": 1,
        "color": {"exponent": 0.5, "fill": "dark-orange", "mode": "scheme", "reverse": False, "scale": "exponential",
                  "scheme": "Oranges", "steps": 64},
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "tooltip": {"mode": "single", "yHistogram": False},
        "yAxis": {"axisPlacement": "left", "reverse": False, "unit": unit},
    }
    defaults = {"unit": unit, "color": {"mode": "thresholds"}, "thresholds": PLAIN,
                "custom": {"scaleDistribution": {"type": "linear"}}}
    return panel("heatmap", title, about, targets([(expression, "{{le}}")], heatmap=True), defaults, options)


def variable(name: str, label: str, about: str, query: str) -> Json:
    """A choice of label values; all of them at first."""
    return {
        "type": "query",
        "name": name,
        "label": label,
        "description": about,
        "datasource": DATASOURCE,
        "definition": query,
        "query": {"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "hide": 0,
        "regex": "",
        "options": [],
        "skipUrlSync": False,
    }


DATASOURCE_VARIABLE: Json = {
    "type": "datasource",
    "name": "datasource",
    "label": "Data source",
    "description": "The Prometheus that scrapes what is shown.",
    "query": "prometheus",
    "current": {"selected": True, "text": "Prometheus", "value": "prometheus"},
    "hide": 0,
    "includeAll": False,
    "multi": False,
    "options": [],
    "refresh": 1,
    "regex": "",
    "skipUrlSync": False,
}


def alerts_shown(components: str) -> Json:
    """Marks on all graphs while alerts of these components fire."""
    return {
        "name": "Alerts",
        "datasource": DATASOURCE,
        "enable": True,
        "hide": False,
        "iconColor": RED,
        "expr": "max by (alertname, severity) "
                f'(ALERTS{{alertstate="firing", severity!="none", component=~"{components}"}})',
        "step": "30s",
        "titleFormat": "{{alertname}}",
        "textFormat": "{{severity}}",
    }


Row = tuple[str, list[list[Json]]]
"""A heading, and lines of panels; the panels of a line share its width."""


def placed(rows: list[Row]) -> list[Json]:
    """The panels with their numbers and places."""
    panels: list[Json] = []
    top = 0
    for title, lines in rows:
        panels.append({"id": len(panels) + 1, "type": "row", "title": title, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1}})
        top += 1
        for line in lines:
            height = 4 if all(item["type"] == "stat" for item in line) else 9
            for index, item in enumerate(line):
                left, right = (WIDTH * place // len(line) for place in (index, index + 1))
                place = {"x": left, "y": top, "w": right - left, "h": height}
                panels.append({"id": len(panels) + 1, "gridPos": place, **item})
            top += height
    return panels


def dashboard(uid: str, title: str, about: str, components: str, variables: list[Json], rows: list[Row]) -> Json:
    """A whole dashboard."""
    return {
        "uid": uid,
        "title": title,
        "description": about,
        "tags": ["mcp"],
        "schemaVersion": 41,
        "editable": True,
        "graphTooltip": 1,
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "refresh": "30s",
        "fiscalYearStartMonth": 0,
        "links": [{"type": "dashboards", "title": "MCP", "tags": ["mcp"], "asDropdown": False, "includeVars": False,
                   "keepTime": True, "targetBlank": False, "icon": "external link", "tooltip": "", "url": ""}],
        "annotations": {"list": [alerts_shown(components)]},
        "templating": {"list": [DATASOURCE_VARIABLE, *variables]},
        "panels": placed(rows),
    }


# Expressions

EVERY = "[$__rate_interval]"


def summed(what: str, by: str) -> str:
    return f"sum by ({by}) ({what})" if by else f"sum({what})"


def rate(metric: str, *labels: str, by: str = "") -> str:
    """How often a second, in all or for each value of a label."""
    return summed(f"rate({metric}{{{', '.join(labels)}}}{EVERY})", by)


def increase(metric: str, *labels: str, by: str = "") -> str:
    """How often, from one point of a graph to the next."""
    return summed(f"increase({metric}{{{', '.join(labels)}}}{EVERY})", by)


def now(function: str, metric: str, *labels: str, by: str = "") -> str:
    """A gauge as it is, put together by a function: sum, min, max."""
    grouping = f" by ({by}) " if by else ""
    return f"{function}{grouping}({metric}{{{', '.join(labels)}}})"


def quantile(share: float, metric: str, *labels: str, by: str = "") -> str:
    """The estimate of a percentile out of a histogram."""
    return f"histogram_quantile({share}, {rate(metric + '_bucket', *labels, by=f'le, {by}' if by else 'le')})"


# Gateway

GATEWAYS = 'instance=~"$instance"'
CALLS = 'instance=~"$instance", pool=~"$pool"'
BACKENDS = 'instance=~"$instance", pool=~"$pool", backend=~"$backend"'
# What may take as long as it likes is left out: streams, and waiting for tasks.
TIMED = CALLS + ', mcp_method_name!~"other|subscriptions/listen|tasks/result"'
OF_GATEWAYS = GATEWAYS + ', job="mcp-gateway"'

REQUESTS = "mcp_gateway_requests_total"
SHED = rate("mcp_gateway_shed_total", CALLS, 'reason!="rate_limited"')
FAILED = rate(REQUESTS, CALLS, 'status=~"backend_error|timeout"') + " + " + SHED
VALID = rate(REQUESTS, CALLS, 'status!~"client_error|client_gone|refused"') + " + " + SHED
FAILED_SHARE = f"({FAILED}) / ({VALID})"
DURATION = "mcp_server_operation_duration_seconds"
ATTEMPTS = "mcp_gateway_attempts_total"
BREAKER = "mcp_gateway_circuit_breaker_state"
TOOL_BREAKER = "mcp_gateway_tool_circuit_breaker_state"
CACHE = "mcp_gateway_cache_requests_total"
SHARED = "mcp_gateway_cache_shared_requests_total"
DECISIONS = "mcp_gateway_rate_limit_decisions_total"
OBJECTIVE = steps((None, GREEN), (0.001, ORANGE), (0.01, RED))
SLOW = steps((None, GREEN), (1, ORANGE), (2.5, RED))
NEARLY_ALL = steps((None, GREEN), (0.8, RED))
DAY = 86_400


def gateway() -> Json:
    overview: list[list[Json]] = [[
        stat("Calls", "Calls of clients, over all methods.", "reqps", rate(REQUESTS, CALLS)),
        stat("Failed", "The share of the valid calls that got no usable answer: a backend's answer was unusable or late, or "
             "none could be asked. 0.1 % are allowed.", "percentunit", FAILED_SHARE, colors=OBJECTIVE, decimals=2),
        stat("95th percentile", "95 of 100 calls are faster; streams are left out.", "s",
             quantile(0.95, DURATION, TIMED), colors=SLOW),
        stat("Usable backends", "Backends that are up and whose breaker is not open, of the pool and gateway that has the "
             "fewest.", "none", now("min", "instance_pool:mcp_gateway_backends_usable:sum", CALLS),
             colors=steps((None, RED), (1, ORANGE), (2, GREEN))),
        stat("In flight", "Calls that are under way.", "none", now("sum", "mcp_gateway_inflight", GATEWAYS)),
        stat("Connections", "Open connections of clients.", "none", now("sum", "mcp_gateway_connections", GATEWAYS)),
    ]]
    calls = [[
        graph("Calls by method", "What clients ask for.", "reqps",
              (rate(REQUESTS, CALLS, by="method"), "{{method}}"), stacked=True),
        graph("Calls by outcome", "How calls end. tool_error and rpc_error are answers of a server; client_error is the "
              "client's mistake, client_gone its leaving.", "reqps",
              (rate(REQUESTS, CALLS, by="status"), "{{status}}")),
    ], [
        graph("Error rate", "Calls that failed through gateway or backends, of those that were valid; and of all calls, those "
              "that a server answered with an error, and mistakes of clients.", "percentunit",
              (FAILED_SHARE, "failed"),
              (rate(REQUESTS, CALLS, 'status=~"tool_error|rpc_error"') + " / " + rate(REQUESTS, CALLS),
               "answered with an error"),
              (rate(REQUESTS, CALLS, 'status="client_error"') + " / " + rate(REQUESTS, CALLS), "mistakes of clients"),
              colors=OBJECTIVE),
        graph("Refused calls", "Calls that the gateway refused, by why: over a limit, no backend, too much at once, shutting "
              "down.", "reqps",
              (rate("mcp_gateway_shed_total", CALLS, by="reason"), "{{reason}}")),
        graph("Refused requests", "HTTP requests that were refused by their head and never became calls, and input that was "
              "not HTTP or JSON-RPC.", "reqps",
              (rate("mcp_gateway_refused_requests_total", GATEWAYS, by="error_type"), "{{error_type}}"),
              (rate("mcp_gateway_protocol_errors_total", GATEWAYS, by="side, kind"), "broken {{kind}} of {{side}}")),
    ]]
    latency = [[
        graph("Latency", "From the arrival of a call to the end of its answer; streams are left out. Estimates out of a "
              "histogram.", "s",
              (quantile(0.5, DURATION, TIMED), "50th percentile"),
              (quantile(0.95, DURATION, TIMED), "95th percentile"),
              (quantile(0.99, DURATION, TIMED), "99th percentile"), colors=steps((None, GREEN), (2.5, RED))),
        graph("95th percentile by method", "Which kind of call is slow.", "s",
              (quantile(0.95, DURATION, TIMED, by="mcp_method_name"), "{{mcp_method_name}}")),
    ], [
        heatmap("Spread of latency", "How many calls took how long; two dark bands are two kinds of calls.", "s",
                increase(DURATION + "_bucket", TIMED, by="le")),
        graph("Time in the gateway", "What calls cost beside the backend's work: reading, checking, limits, picking, "
              "writing.", "s",
              (quantile(0.5, "mcp_gateway_overhead_seconds", CALLS), "50th percentile"),
              (quantile(0.99, "mcp_gateway_overhead_seconds", CALLS), "99th percentile")),
    ]]
    backends = [[
        states("Health", "Whether the active checks pass.",
               (now("min", "mcp_gateway_backend_up", BACKENDS, by="pool, backend"), "{{pool}} {{backend}}"),
               {1: ("up", GREEN), 0: ("down", RED)}),
        states("Breakers", "The worst state of each backend's breaker, over the gateways. Open: no calls go there.",
               ("2 * " + now("max", BREAKER, BACKENDS, 'state=~"open|forced_open"', by="pool, backend")
                + " + " + now("max", BREAKER, BACKENDS, 'state="half_open"', by="pool, backend"), "{{pool}} {{backend}}"),
               {0: ("closed", GREEN), 1: ("half-open", YELLOW), 2: ("open", RED), 3: ("differs", ORANGE)}),
    ], [
        graph("Attempts by backend", "Calls that were sent to each backend. What the cache answers is not among them.",
              "reqps", (rate(ATTEMPTS, BACKENDS, by="backend"), "{{backend}}"), stacked=True),
        graph("Failed attempts by backend", "Attempts without a usable answer.", "reqps",
              (rate(ATTEMPTS, BACKENDS, 'outcome!="success"', by="backend"), "{{backend}}")),
        graph("95th percentile by backend", "How long single attempts took at each backend: one that is slower than the "
              "others has trouble of its own.", "s",
              (quantile(0.95, "mcp_client_operation_duration_seconds", BACKENDS, by="backend"), "{{backend}}")),
    ], [
        graph("Failed attempts by outcome", "How attempts without a usable answer ended.", "reqps",
              (rate(ATTEMPTS, BACKENDS, 'outcome!="success"', by="outcome"), "{{outcome}}")),
        graph("Retries", "Further tries of calls that had not been executed, or may be twice, by what ended the try before.",
              "reqps", (rate("mcp_gateway_retries_total", GATEWAYS, by="reason"), "{{reason}}")),
        graph("Breaker transitions", "How often breakers entered a state.", "none",
              (increase("mcp_gateway_circuit_breaker_transitions_total", BACKENDS, 'to=~"open|half_open|closed"',
                        by="backend, to"), "{{to}} {{backend}}")),
        graph("Connections to backends", "Kept open for the next call, or busy with one.", "none",
              (now("sum", "mcp_gateway_backend_connections", BACKENDS, by="backend, state"), "{{backend}} {{state}}")),
    ]]
    tools_and_names = [[
        states("Breakers of tools", "The worst state of the breaker that a tool has at each backend, over the gateways. Open: no "
               "calls of this tool go there. Only tools with a circuit_breaker of their own have them.",
               ("2 * " + now("max", TOOL_BREAKER, BACKENDS, 'state="open"', by="pool, backend, tool")
                + " + " + now("max", TOOL_BREAKER, BACKENDS, 'state="half_open"', by="pool, backend, tool"),
                "{{tool}} at {{pool}} {{backend}}"),
               {0: ("closed", GREEN), 1: ("half-open", YELLOW), 2: ("open", RED), 3: ("differs", ORANGE)}),
        graph("Breaker transitions of tools", "How often the breakers of tools entered a state.", "none",
              (increase("mcp_gateway_tool_circuit_breaker_transitions_total", BACKENDS, by="tool, backend, to"),
               "{{to}} {{tool}} at {{backend}}")),
    ], [
        graph("Lookups of names", "How often the names of backends were looked up, by what came of it. failed: no answer; refused: "
              "forbidden addresses only.", "none",
              (increase("mcp_gateway_dns_lookups_total", GATEWAYS, by="result"), "{{result}}")),
        graph("Names without an answer", "Names of backends whose last lookup failed. The addresses that were known last are used "
              "for ten minutes; then the backends are gone.", "none",
              (now("sum", "mcp_gateway_dns_names_failing", GATEWAYS, by="instance"), "{{instance}}"),
              colors=steps((None, GREEN), (1, RED))),
    ]]
    containment = [[
        graph("Calls in flight and their limit", "Calls that are with the backends of each pool, streams until their head, and how "
              "many may be. The limit fits itself unless max_concurrency is a number.", "none",
              (now("sum", "mcp_gateway_pool_inflight", CALLS, by="pool"), "in flight in {{pool}}"),
              (now("sum", "mcp_gateway_concurrency_limit", CALLS, by="pool"), "limit of {{pool}}")),
        graph("Calls that wait", "Calls that found no room and wait for some, half a second at most. More are refused: overloaded, "
              "among the refused calls.", "none",
              (now("sum", "mcp_gateway_queued", CALLS, by="pool"), "{{pool}}")),
        graph("Panic", "Gateways that send calls to all backends that are not down, because so few are well.", "none",
              (now("sum", "mcp_gateway_panic", CALLS, by="pool"), "{{pool}}"), colors=steps((None, GREEN), (1, RED))),
    ], [
        graph("Ejections", "How often a backend was taken out for a while because it did worse than the others, by why.", "none",
              (increase("mcp_gateway_outlier_ejections_total", BACKENDS, by="backend, reason"), "{{backend}} {{reason}}")),
        graph("Second attempts", "Attempts beside one that took long, by whether their answer was used; and attempts that were not "
              "made again because there had been too many already.", "reqps",
              (rate("mcp_gateway_hedges_total", GATEWAYS, by="result"), "{{result}}"),
              (rate("mcp_gateway_retry_budget_exhausted_total", CALLS, by="pool"), "over the budget of {{pool}}")),
        graph("Configuration", "How often each gateway has read its file anew, by the outcome; rejected: something is wrong with it, and "
              "nothing has changed.", "none",
              (increase("mcp_gateway_config_reloads_total", GATEWAYS, by="instance, result"), "{{result}} by {{instance}}")),
    ]]
    cache = [[
        graph("Cache hit ratio", "The share of the calls that can be kept whose answer was there, or was being fetched for "
              "somebody else already. Shared: of what was looked for in Redis, if there is one.", "percentunit",
              (rate(CACHE, GATEWAYS, 'result=~"hit|stale|wait"') + " / " + rate(CACHE, GATEWAYS, 'result!="pass"'),
               "in memory"),
              (rate(SHARED, GATEWAYS, 'result=~"hit|wait"') + " / " + rate(SHARED, GATEWAYS), "shared"), most=1),
        graph("Cache results", "hit: fresh; stale: served while it is fetched anew, or since that fails; wait: for the same "
              "call of somebody else; pass: not to be kept.", "reqps",
              (rate(CACHE, GATEWAYS, by="result"), "{{result}}"), stacked=True),
        graph("Cache size", "Bytes that the answers kept in memory take.", "bytes",
              (now("sum", "mcp_gateway_cache_bytes", GATEWAYS, by="instance"), "{{instance}}")),
    ]]
    limits = [[
        graph("Limit decisions", "What each rate limit said to calls; would_refuse: a rule that only counts. Empty without "
              "rate_limits.", "reqps",
              (rate(DECISIONS, GATEWAYS, by="rule, decision"), "{{rule}} {{decision}}")),
        graph("Refused by limits", "The share of the calls of each rate limit that it refuses, or would.", "percentunit",
              (rate(DECISIONS, GATEWAYS, 'decision!="allowed"', by="rule") + " / " + rate(DECISIONS, GATEWAYS, by="rule"),
               "{{rule}}"), colors=steps((None, GREEN), (0.2, ORANGE)), most=1),
        graph("Who decides", "Limits that are shared are decided by Redis; local while it is away.", "reqps",
              (rate(DECISIONS, GATEWAYS, by="source"), "{{source}}"), stacked=True),
    ]]
    process = [[
        graph("Connections", "Open connections of clients, and calls under way.", "none",
              (now("sum", "mcp_gateway_connections", GATEWAYS, by="instance"), "connections of {{instance}}"),
              (now("sum", "mcp_gateway_inflight", GATEWAYS, by="instance"), "in flight at {{instance}}")),
        graph("Connections in use", "The share of the connections of clients that may be open.", "percentunit",
              (f"mcp_gateway_connections{{{GATEWAYS}}} / mcp_gateway_connections_limit", "{{instance}}"),
              colors=NEARLY_ALL, most=1),
    ], [
        graph("TLS handshakes", "How the handshakes of clients ended. failed: the two sides did not agree, or the client left; "
              "timeout: not done 10 s after the connection.", "ops",
              (rate("mcp_gateway_tls_handshakes_total", GATEWAYS, by="result"), "{{result}}")),
        graph("Certificates", "How long the certificate of each listener is good for; at 0 no client connects any more. Empty "
              "without listeners that speak TLS.", "s",
              (now("min", "mcp_gateway_tls_certificate_expiry_timestamp_seconds", GATEWAYS, by="instance, listener")
               + " - time()", "{{listener}} of {{instance}}"),
              colors=steps((None, RED), (2 * DAY, ORANGE), (14 * DAY, GREEN))),
    ], [
        graph("Redis", "Commands that Redis has not carried out, and whether it serves each gateway (1) or not (0). Empty "
              "without a Redis.", "short",
              (rate("mcp_gateway_redis_errors_total", GATEWAYS, by="kind"), "{{kind}} a second"),
              (now("min", "mcp_gateway_redis_up", GATEWAYS, by="instance"), "serves {{instance}}")),
        graph("Event loop lag", "How late the event loops were with their regular work; about 10 ms when idle.", "s",
              (now("max", "mcp_gateway_loop_lag_seconds", GATEWAYS, by="instance, loop"), "{{instance}} loop {{loop}}"),
              colors=steps((None, GREEN), (0.25, RED))),
        graph("Near the limits", "What is used of the memory and the descriptors that a gateway may have: from 80 % on it takes no "
              "new connections, from 90 % on it refuses some calls, from 95 % on all.", "percentunit",
              (now("max", "mcp_gateway_resource_used_ratio", GATEWAYS, by="instance, resource"), "{{resource}} of {{instance}}"),
              colors=NEARLY_ALL, most=1),
        graph("Versions", "How many gateways run which version.", "none",
              (now("count", "mcp_gateway_build_info", GATEWAYS, by="version"), "{{version}}"), stacked=True),
    ], [
        *resources(OF_GATEWAYS),
        graph("Trouble", "Mistakes of the gateway that it noticed itself, and blocks of log lines that were lost. Both should "
              "be 0.", "none",
              (increase("mcp_gateway_bugs_total", GATEWAYS, by="instance"), "bugs of {{instance}}"),
              (increase("mcp_log_blocks_total", OF_GATEWAYS, 'result=~"dropped|failed"', by="instance, log"),
               "{{log}} of {{instance}}"), colors=steps((None, GREEN), (1, RED))),
    ]]
    variables = [
        variable("instance", "Gateway", "Gateways, by the address at which they are scraped.",
                 "label_values(mcp_gateway_build_info, instance)"),
        variable("pool", "Pool", "Pools of backends.",
                 'label_values(mcp_gateway_backend_up{instance=~"$instance"}, pool)'),
        variable("backend", "Backend", "Backends, by their URLs.",
                 'label_values(mcp_gateway_backend_up{instance=~"$instance", pool=~"$pool"}, backend)'),
    ]
    rows: list[Row] = [
        ("Overview", overview), ("Calls", calls), ("Latency", latency), ("Backends", backends),
        ("Breakers of tools, and names", tools_and_names),
        ("Overload, failures and changes", containment), ("Cache", cache),
        ("Rate limits", limits), ("Connections and process", process),
    ]
    return dashboard("mcp-gateway", "MCP Gateway", "Calls through mcp-gateway: how many, how fast, how they end, and what its "
                     "backends, cache and limits do.", "gateway|redis", variables, rows)


def resources(labels: str) -> list[Json]:
    """What the processes of a job use."""
    return [
        graph("CPU", "Cores in use.", "none", (rate("process_cpu_seconds_total", labels, by="instance"), "{{instance}}")),
        graph("Memory", "Resident memory.", "bytes",
              (now("sum", "process_resident_memory_bytes", labels, by="instance"), "{{instance}}")),
        graph("File descriptors", "The share of the descriptors that are in use; at 100 % no connection can be accepted.",
              "percentunit", (f"process_open_fds{{{labels}}} / process_max_fds", "{{instance}}"),
              colors=NEARLY_ALL, most=1),
    ]


# Tool server

SERVERS = 'instance=~"$instance"'
MESSAGES = 'instance=~"$instance", method=~"$method"'
WATCHED = 'server=~"$server"'
OF_SERVERS = SERVERS + ', job="mcp-tool-server"'
ANSWERED = "mcp_requests_total"
TIME = "mcp_request_duration_seconds"
IN_ERROR = 'status="error"'
ERRORS = steps((None, GREEN), (0.05, ORANGE), (0.2, RED))


def tool_server() -> Json:
    overview: list[list[Json]] = [[
        stat("Requests", "Messages answered, over all servers and methods.", "reqps", rate(ANSWERED, MESSAGES)),
        stat("Errors", "The share of the messages that were answered with an error, of whoever's making.", "percentunit",
             rate(ANSWERED, MESSAGES, IN_ERROR) + " / " + rate(ANSWERED, MESSAGES), colors=ERRORS, decimals=2),
        stat("95th percentile", "95 of 100 messages are answered faster.", "s", quantile(0.95, TIME, MESSAGES), colors=SLOW),
        stat("Servers up", "Tool servers that Prometheus can scrape.", "none", now("sum", "up", OF_SERVERS),
             colors=steps((None, RED), (1, ORANGE), (2, GREEN))),
        stat("Availability", "The share of the time shown for which mcp-monitor found the servers available, over all of "
             "them.", "percentunit", f"avg(avg_over_time(mcp_server_availability{{{WATCHED}}}[$__range]))",
             colors=steps((None, RED), (0.99, ORANGE), (0.999, GREEN)), decimals=2),
        stat("Active connections", "Open connections to all servers.", "none",
             now("sum", "mcp_active_connections", SERVERS)),
    ]]
    requests = [[
        graph("Request rate by method", "What the servers are asked.", "reqps",
              (rate(ANSWERED, MESSAGES, by="method"), "{{method}}"), stacked=True),
        graph("Request rate by server", "How the messages are spread over the servers.", "reqps",
              (rate(ANSWERED, MESSAGES, by="instance"), "{{instance}}"), stacked=True),
    ], [
        graph("Error rate", "The share of the messages of each server that were answered with an error.", "percentunit",
              (rate(ANSWERED, MESSAGES, IN_ERROR, by="instance") + " / " + rate(ANSWERED, MESSAGES, by="instance"),
               "{{instance}}"), colors=ERRORS, most=1),
        graph("Errors by type", "invalid_params and the like are mistakes of callers, tool_error is what tools say "
              "themselves, handler_failed is a bug; rate_limited and overloaded were turned away.", "reqps",
              (rate("mcp_errors_total", SERVERS, by="error_type"), "{{error_type}}")),
    ]]
    times = [[
        graph("95th percentile by server", "A server that is slower than the others has trouble of its own.", "s",
              (quantile(0.95, TIME, MESSAGES, by="instance"), "{{instance}}"), colors=steps((None, GREEN), (2.5, RED))),
        graph("95th percentile by method", "Which messages take long.", "s",
              (quantile(0.95, TIME, MESSAGES, by="method"), "{{method}}")),
        heatmap("Spread of response times", "How many messages took how long.", "s",
                increase(TIME + "_bucket", MESSAGES, by="le")),
    ]]
    outside = [[
        states("Availability", "Whether the last probe of mcp-monitor found each server available.",
               (now("min", "mcp_server_availability", WATCHED, by="server"), "{{server}}"),
               {1: ("available", GREEN), 0: ("not available", RED)}),
        graph("Probes by outcome", "What the probes of mcp-monitor found; ok and degraded count as available.", "none",
              (increase("mcp_health_checks_total", WATCHED, by="status"), "{{status}}")),
        graph("95th percentile of probes", "How long the requests of the probes took, as a client sees it.", "s",
              (quantile(0.95, "mcp_response_time_seconds", WATCHED, by="server, method"), "{{server}} {{method}}")),
    ]]
    process = [[
        graph("Active connections", "Open connections to each server.", "none",
              (now("sum", "mcp_active_connections", SERVERS, by="instance"), "{{instance}}")),
        graph("Remembered results", "Calls of process_data, by where their result came from.", "reqps",
              (rate("mcp_cache_requests_total", SERVERS, by="result"), "{{result}}"), stacked=True),
        graph("Redis", "Commands that Redis has not carried out, and whether it serves each server (1) or not (0). Empty "
              "without a Redis.", "short",
              (rate("mcp_redis_errors_total", SERVERS, by="kind"), "{{kind}} a second"),
              (now("min", "mcp_redis_up", SERVERS, by="instance"), "serves {{instance}}")),
    ], [
        *resources(OF_SERVERS),
        graph("Versions", "How many servers run which version.", "none",
              (now("count", "mcp_build_info", OF_SERVERS, by="version"), "{{version}}"), stacked=True),
    ]]
    variables = [
        variable("instance", "Server", "Tool servers, by the address at which they are scraped.",
                 "label_values(mcp_active_connections, instance)"),
        variable("method", "Method", "Methods of MCP.", 'label_values(mcp_requests_total{instance=~"$instance"}, method)'),
        variable("server", "Watched as", "Servers, by the name under which mcp-monitor watches them.",
                 "label_values(mcp_server_availability, server)"),
    ]
    rows: list[Row] = [
        ("Overview", overview), ("Requests", requests), ("Response times", times), ("From outside", outside),
        ("Connections and process", process),
    ]
    return dashboard("mcp-tool-server", "MCP Tool Server", "mcp-tool-server: what it is asked, how it answers, and how "
                     "mcp-monitor sees it from outside.", "tool-server|monitor|monitoring|redis", variables, rows)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "dashboards"
    for name, made in (("gateway", gateway()), ("tool-server", tool_server())):
        text = json.dumps(made, indent=2, ensure_ascii=False) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
