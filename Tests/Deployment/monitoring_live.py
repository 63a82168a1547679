#!/usr/bin/env python3
# Prometheus, Alertmanager and dashboards see a gateway under load, and what happens to it while things are killed.
# reads: monitoring/prometheus.yml monitoring/rules/ monitoring/alertmanager.yml monitoring/grafana/dashboards/
"""Real programs under load, watched by a real Prometheus and a real Alertmanager with the repository's files.

A tool server is killed, then Redis, then all tool servers, then the gateway; each comes back. Every expression of every
dashboard must return data, the right alerts must fire, reach the receiver that they are for, and be resolved; no others.

So that this takes two minutes and not a day, time goes 60 times faster: targets are scraped and rules evaluated twice a second,
and all durations of rules and routes are divided by 60 (watchers.sped_up). Nothing else about the files is changed but the
addresses.
"""

from __future__ import annotations

import subprocess
import sys
import urllib.error
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from support import BIN_DIR, Process, fail, need, require, tools, wait_for

tools("monitoring")
need(command="prometheus", package="prometheus")
need(command="prometheus-alertmanager", package="prometheus-alertmanager")
need(command="redis-server", package="redis-server")
need(command="openssl", package="openssl")

sys.path.insert(0, str(Path(__file__).with_suffix("")))
from grafana import Question, dashboards, other_questions, panel_questions  # noqa: E402 (after the environment is there)
from stand import Stand, fetch, started  # noqa: E402
from watchers import Alertmanager, Prometheus, Receiver, watching  # noqa: E402

WINDOW = {"__rate_interval": "10s", "__range": "1m"}

LOADS: dict[str, tuple[str, ...]] = {
    "plain": ("--tool", "health_check", "--rate", "60", "--connections", "6"),
    "cached": ("--tool", "process_data", "--arguments", '{"data":{"city":"Paris"},"operation":"transform"}', "--rate", "40"),
    "lists": ("--era", "modern", "--rate", "10", "--connections", "2"),
    "sessions": ("--era", "legacy", "--tool", "health_check", "--rate", "5", "--connections", "3"),
    "unknown-tool": ("--tool", "no_such_tool", "--rate", "5", "--connections", "2"),
    "tool-error": ("--tool", "process_data", "--arguments", '{"data":"no object"}', "--rate", "5", "--connections", "2"),
    # More than rate limit per-client lets through.
    "limited": ("--tool", "process_data", "--arguments", '{"data":{"city":"Rome"},"operation":"transform"}', "--rate", "250"),
}

STANDING = {"Watchdog", "CertificateExpiresSoon", "GatewayCertificateExpires", "GatewayLimitsRefusing"}
"""Firing while all is well: always, for the certificate that ends tomorrow, and for the load that is over its limit."""

MACHINE = {"GatewayLoopLag", "GatewayLatencyBurnFast", "GatewayLatencyBurnSlow"}
"""Say that the machine is too slow, which may be so."""

CONSEQUENCES = {
    "GatewayErrorBudgetBurn", "GatewayErrorBudgetBurnSlow", "GatewayPanic", "GatewayRetriesExhausted", "MonitorNotProbing",
}
"""May or may not come of what is done here: seconds of outage are hours at this speed, scrapes are coarse then, and panic ends
once the checks have found the last backend to be down."""


def wait_telling(what: str, look: Callable[[], object], seconds: float, tell: Callable[[], object]) -> None:
    """Waits, and says how things are if it was in vain."""
    try:
        wait_for(what, look, seconds, pause=0.5)
    except SystemExit:
        print(tell())
        raise


def load(stand: Stand, name: str) -> Process:
    """Calls of one kind, with an identity of their own, for as long as it is left running."""
    return Process(f"load-{name}", BIN_DIR / "mcp-load", stand.url, *LOADS[name], "--duration", "10m", "--warmup", "0s",
                   "--header", f"X-API-Key: {name}", "--allow-failures", "--timeout", "5s")


def refused_request(stand: Stand) -> None:
    """A request that never becomes a call."""
    try:
        fetch(stand.url.replace("/mcp", "/nowhere"))
    except urllib.error.HTTPError:
        return
    fail("the gateway serves /nowhere")


def all_questions() -> list[Question]:
    return [question for dashboard in dashboards().values()
            for question in (*panel_questions(dashboard), *other_questions(dashboard))]


def check_questions(stand: Stand, prometheus: Prometheus) -> int:
    """Every expression of the dashboards returns numbers."""
    unanswered = all_questions()
    count = len(unanswered)

    def look() -> bool:
        refused_request(stand)
        unanswered[:] = [question for question in unanswered if not prometheus.has_data(question.filled(WINDOW))]
        return not unanswered

    wait_telling("all panels to have data", look, 20, lambda: "without data: " + "\n".join(
        f"{question.place}: {question.filled(WINDOW)}" for question in unanswered))
    return count


class Story:
    """What happens, and what must be heard of it."""

    def __init__(self, stand: Stand, prometheus: Prometheus, alertmanager: Alertmanager, receiver: Receiver) -> None:
        self.stand, self.prometheus, self.alertmanager, self.receiver = stand, prometheus, alertmanager, receiver
        self.expected: set[str] = set()

    def wait_firing(self, *names: str, seconds: float = 40) -> None:
        """All of these fire."""
        self.expected |= set(names)
        wait_telling(f"{names} to fire", lambda: set(names) <= self.prometheus.alerts("firing"), seconds,
                     lambda: f"firing: {self.prometheus.alerts('firing')}")

    def wait_heard(self, status: str, **ways: str) -> None:
        """The receiver has been told, on the way that each is meant to take."""
        for name, way in ways.items():
            wait_telling(f"the receiver to hear by way of {way} that {name} is {status}",
                         lambda: self.receiver.has(name, status, way), 30, lambda: self.receiver.notices)

    def wait_inhibited(self, *names: str) -> None:
        """They fire, and nobody is bothered with them."""
        wait_telling(f"{names} not to be told", lambda: set(names) <= self.alertmanager.inhibited(), 30,
                     lambda: f"inhibited: {self.alertmanager.inhibited()}; firing: {self.prometheus.alerts('firing')}")

    def wait_quiet(self, seconds: float = 60) -> None:
        """Nothing is left but what stands."""
        allowed = STANDING | MACHINE | CONSEQUENCES
        wait_telling("all alerts to end", lambda: self.prometheus.alerts("firing") <= allowed, seconds,
                     lambda: f"these go on: {self.prometheus.alerts('firing') - allowed}")

    def end(self, *names: str) -> None:
        """Ends programs as a crash would."""
        for name in names:
            self.stand.programs[name].kill()
        print(f"killed {', '.join(names)}", flush=True)

    def begin(self, *names: str) -> None:
        for name in names:
            self.stand.programs[name].start()
        print(f"started {', '.join(names)} again", flush=True)

    def all_is_well(self) -> None:
        """Under load, nothing is told but what stands."""
        self.wait_firing(*STANDING, seconds=60)
        told = self.prometheus.ever("firing") | self.prometheus.alerts("pending")
        require(told <= STANDING | MACHINE, f"all is well, and alerts say otherwise: {told - STANDING - MACHINE}")
        self.wait_heard("firing", Watchdog="heartbeat", GatewayLimitsRefusing="ticket", CertificateExpiresSoon="page",
                        GatewayCertificateExpires="page")

    def limit_is_kept(self, limited: Process) -> None:
        limited.stop()
        wait_for("GatewayLimitsRefusing to end", lambda: "GatewayLimitsRefusing" not in self.prometheus.alerts("firing"), 30)
        self.wait_heard("resolved", GatewayLimitsRefusing="ticket")

    def one_server_dies(self) -> None:
        self.end("tool-server-2")
        self.wait_firing("GatewayBackendDown", "GatewayBreakerOpen", "ScrapeTargetDown", "MonitoredServerUnavailable")
        self.wait_heard("firing", GatewayBackendDown="ticket", ScrapeTargetDown="ticket", MonitoredServerUnavailable="ticket")
        self.wait_inhibited("GatewayBreakerOpen")
        require("GatewayNoUsableBackend" not in self.prometheus.alerts("firing"), "two backends are well, and none is usable?")
        print(f"{check_questions(self.stand, self.prometheus)} expressions of dashboards return data", flush=True)
        self.begin("tool-server-2")
        self.wait_quiet()
        self.wait_heard("resolved", GatewayBackendDown="ticket", ScrapeTargetDown="ticket", MonitoredServerUnavailable="ticket")

    def redis_dies(self) -> None:
        self.end("redis")
        self.wait_firing("GatewayRedisDown", "ToolServerRedisDown")
        self.begin("redis")
        self.wait_quiet()
        self.wait_heard("resolved", GatewayRedisDown="ticket", ToolServerRedisDown="ticket")

    def all_servers_die(self) -> None:
        servers = [name for name in self.stand.programs if name.startswith("tool-server")]
        self.end(*servers)
        self.wait_firing("GatewayNoUsableBackend", "GatewayErrorBudgetBurnFast")
        self.wait_inhibited("GatewayErrorBudgetBurnFast")
        self.wait_heard("firing", GatewayNoUsableBackend="page", MonitoredServerUnavailable="page")
        self.begin(*servers)
        self.wait_quiet()
        self.wait_heard("resolved", GatewayNoUsableBackend="page")

    def gateway_dies(self) -> None:
        self.end("gateway")
        self.wait_firing("GatewayDown")
        self.wait_heard("firing", GatewayDown="page")
        self.begin("gateway")
        self.wait_quiet()
        self.wait_heard("resolved", GatewayDown="page")

    def conclude(self) -> None:
        """No alert that nobody expected; what waits before it fires has waited; and each told where its page is."""
        fired = self.prometheus.ever("firing")
        unexpected = fired - self.expected - MACHINE - CONSEQUENCES
        require(not unexpected, f"nobody expected {unexpected}")
        pending = self.prometheus.ever("pending")
        require(self.expected - {"Watchdog"} <= pending, f"fired without having been pending: {self.expected - pending}")
        for notice in self.receiver.notices:
            require(notice.runbook == f"docs/runbooks/{notice.name}.md", f"{notice.name} says that its page is {notice.runbook}")
            require("runbooks" not in dict(notice.labels), f"{notice.name} carries the label runbooks")
        require(not (wrong := self.prometheus.unhealthy()), f"rules cannot be evaluated: {wrong}")
        print(f"fired: {', '.join(sorted(fired))}; {len(self.receiver.notices)} notices")


def check_pages(stand: Stand) -> None:
    """After all this, promtool has nothing to say against the metrics."""
    for name in stand.metrics:
        ended = subprocess.run(["promtool", "check", "metrics"], input=stand.page(name), capture_output=True, text=True)
        require(ended.returncode == 0 and not ended.stderr, f"promtool says of {name}: {ended.stdout}{ended.stderr}")


def main() -> None:
    with started(with_redis=True) as stand, watching(stand) as watchers, ExitStack() as loads:
        running = {name: loads.enter_context(load(stand, name)) for name in LOADS}
        story = Story(stand, *watchers)
        story.all_is_well()
        story.limit_is_kept(running["limited"])
        for name, process in running.items():
            require(process.is_running or name == "limited", f"load {name} has ended: {process.output}")
        story.one_server_dies()
        story.redis_dies()
        story.all_servers_die()
        story.gateway_dies()
        story.conclude()
        check_pages(stand)


main()
