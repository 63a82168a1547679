"""A real Prometheus and a real Alertmanager with the repository's files, sped up, and a receiver of what they send."""

from __future__ import annotations

import json
import math
import re
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from stand import Stand, fetch
from support import ROOT, Process, free_port, wait_for, work

SPEED = 60
"""How many times faster time goes in the rules: a minute becomes a second. Only durations change, no expression does."""

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def sped_up(text: str, keys: str) -> str:
    """The text with each duration behind one of the keys divided by SPEED."""
    def shorter(found: re.Match[str]) -> str:
        milliseconds = int(found[2]) * UNITS[found[3]] * 1000 / SPEED
        return f"{found[1]}{math.ceil(milliseconds)}ms"
    return re.sub(rf"({keys})(\d+)([smhd])\b", shorter, text)


def write_rules(folder: Path) -> None:
    """The rules, with shorter windows and delays."""
    for file in (ROOT / "monitoring/rules").glob("*.yml"):
        (folder / file.name).write_text(sped_up(file.read_text(), r"\[|\bfor: "))


def write_prometheus(stand: Stand, alertmanager: int) -> Path:
    """prometheus.yml with the same jobs at other addresses, and short intervals."""
    configuration = yaml.safe_load((ROOT / "monitoring/prometheus.yml").read_text())
    configuration["global"].update(scrape_interval="500ms", scrape_timeout="500ms", evaluation_interval="500ms")
    (work() / "rules").mkdir()
    write_rules(work() / "rules")
    for job in configuration["scrape_configs"]:
        targets = [target.split(":")[0] for target in job["static_configs"][0]["targets"]]
        job["static_configs"] = [{"targets": [f"127.0.0.1:{stand.metrics[name]}" for name in targets if name in stand.metrics]}]
    configuration["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]
    file = work() / "prometheus.yml"
    file.write_text(yaml.safe_dump(configuration))
    return file


def write_alertmanager(receiver: int) -> Path:
    """alertmanager.yml with the receiver of this check in the place of the example, and short waits."""
    text = sped_up((ROOT / "monitoring/alertmanager.yml").read_text(), "group_wait: |group_interval: |repeat_interval: ")
    file = work() / "alertmanager.yml"
    file.write_text(text.replace("http://alert-webhook.invalid/", f"http://127.0.0.1:{receiver}/"))
    return file


@dataclass(frozen=True)
class Notice:
    """One alert in one message to the receiver."""

    way: str
    name: str
    status: str
    labels: tuple[tuple[str, str], ...]
    runbook: str


@dataclass
class Receiver:
    """Takes what Alertmanager sends."""

    notices: list[Notice] = field(default_factory=list)
    port: int = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        notices = self.notices

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                for alert in message["alerts"]:
                    labels = tuple(sorted(alert["labels"].items()))
                    notices.append(Notice(self.path.strip("/"), alert["labels"]["alertname"], alert["status"], labels,
                                          alert["annotations"]["runbook_url"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()

    def has(self, name: str, status: str, way: str) -> bool:
        return any((notice.name, notice.status, notice.way) == (name, status, way) for notice in self.notices)


@dataclass
class Prometheus:
    """The one that runs, by its HTTP interface."""

    port: int
    began: float = 0

    def _get(self, path: str, **query: str) -> Any:
        return json.loads(fetch(f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(query)}"))["data"]

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """The samples that an expression has now."""
        return self._get("/api/v1/query", query=expression)["result"]

    def has_data(self, expression: str) -> bool:
        """Whether there is a sample, and one that is a number."""
        return any(not math.isnan(float(sample["value"][1])) for sample in self.ask(expression))

    def alerts(self, state: str) -> set[str]:
        """The names of the alerts that are in a state now."""
        return {sample["metric"]["alertname"] for sample in self.ask(f'ALERTS{{alertstate="{state}"}}')}

    def ever(self, state: str) -> set[str]:
        """The names of the alerts that have been in a state since the beginning."""
        seconds = math.ceil(time.monotonic() - self.began)
        samples = self.ask(f'count_over_time(ALERTS{{alertstate="{state}"}}[{seconds}s])')
        return {sample["metric"]["alertname"] for sample in samples}

    def unhealthy(self) -> list[str]:
        """Rules that cannot be evaluated."""
        groups = self._get("/api/v1/rules")["groups"]
        return [f"{rule['name']}: {rule['lastError']}" for group in groups for rule in group["rules"] if rule["health"] == "err"]

    def targets_up(self) -> int:
        """How many targets there are, if all can be scraped."""
        targets = self._get("/api/v1/targets")["activeTargets"]
        return len(targets) if all(target["health"] == "up" for target in targets) else 0


@dataclass
class Alertmanager:
    """The one that runs, by its HTTP interface."""

    port: int

    def inhibited(self) -> set[str]:
        """The alerts that are not told, since something else says it all."""
        alerts = json.loads(fetch(f"http://127.0.0.1:{self.port}/api/v2/alerts"))
        return {alert["labels"]["alertname"] for alert in alerts if alert["status"]["inhibitedBy"]}


@contextmanager
def watching(stand: Stand) -> Iterator[tuple[Prometheus, Alertmanager, Receiver]]:
    """Prometheus and Alertmanager, and their end."""
    receiver = Receiver()
    ports = {name: free_port() for name in ("prometheus", "alertmanager")}
    with receiver.running():
        alertmanager = Process(
            "alertmanager", "prometheus-alertmanager", f"--config.file={write_alertmanager(receiver.port)}",
            f"--storage.path={work() / 'alertmanager'}", f"--web.listen-address=127.0.0.1:{ports['alertmanager']}",
            "--cluster.listen-address=")
        prometheus = Process(
            "prometheus", "prometheus", f"--config.file={write_prometheus(stand, ports['alertmanager'])}",
            f"--storage.tsdb.path={work() / 'tsdb'}", f"--web.listen-address=127.0.0.1:{ports['prometheus']}",
            # What fires is told again after so long; a minute, unless said otherwise.
            "--rules.alert.resend-delay=1s")
        with alertmanager, prometheus:
            wait_for("Alertmanager", lambda: fetch(f"http://127.0.0.1:{ports['alertmanager']}/-/ready"), 30)
            wait_for("Prometheus", lambda: fetch(f"http://127.0.0.1:{ports['prometheus']}/-/ready"), 30)
            server = Prometheus(ports["prometheus"])
            # It takes its first look at the targets after five seconds, which are not sped up: minutes without a gateway.
            wait_for("all targets to be scraped", lambda: server.targets_up() == len(stand.metrics), 20)
            wait_for("the targets to be missed no more", lambda: "GatewayDown" not in server.alerts("firing"), 20)
            server.began = time.monotonic() + 1
            yield server, Alertmanager(ports["alertmanager"]), receiver
