"""A gateway with cache, limits and Redis before three tool servers, and a monitor: on free ports of the loopback address.

The monitor also calls the gateway at a listener with TLS, whose certificate ends tomorrow.
"""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support import BIN_DIR, Process, free_port, require, wait_for, work

CERTIFICATE, PRIVATE_KEY = "tls.pem", "tls.key"
SECRET = "a secret that only lives as long as this check"
CONFIGURATION = """
listen:
  - 127.0.0.1:{service}
  - {{ address: 127.0.0.1:{tls}, tls: {{ certificate: "{certificate}", private_key: "file:{private_key}" }} }}
admin: 127.0.0.1:{admin}
workers: 2
sessions: {{ key: env:GATEWAY_KEY }}
# Patient: a machine that does much else besides is not what is looked for.
redis: {{ url: "redis://127.0.0.1:{redis}", timeout: 1s }}
pools:
  tools:
    backends: [ {backends} ]
    health_check: {{ timeout: 2s }}
    cache: {{ ttl: 2s, scope: public }}
    tools:
      process_data: {{ cache: {{ ttl: 1s }}, circuit_breaker: {{ slow_call: 30s }} }}
rate_limits:
  - {{ name: per-client, key: identity, rate: 100/s, burst: 100 }}
  - {{ name: would-be, key: global, rate: 50/s, enforce: false }}
"""


@dataclass
class Stand:
    """The programs, by the names that they have in prometheus.yml, and where their metrics are."""

    service: int
    redis_port: int
    programs: dict[str, Process] = field(default_factory=dict)
    metrics: dict[str, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.service}/mcp"

    def page(self, name: str) -> str:
        """What the program says of itself to Prometheus, whose version 3 takes only what is named rightly."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics[name]}/metrics", timeout=5) as answer:
            kind = answer.headers["Content-Type"]
            require(kind.startswith("text/plain; version=0.0.4"), f"{name} serves its metrics as {kind}")
            return answer.read().decode()


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()


def list_tools(url: str) -> None:
    """One call, of a client without a session."""
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}}}
    head = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/list"}
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(message).encode(), head), timeout=5) as answer:
        require("result" in json.load(answer), f"{url} lists no tools")


def families(page: str) -> dict[str, set[str]]:
    """The names of the series that a page of metrics has or declares, with their labels."""
    found: dict[str, set[str]] = {}
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE):
        for suffix in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            found[name + suffix] = set()
    for name, labels in re.findall(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$", page, re.MULTILINE):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return found


def make_certificate() -> tuple[Path, Path]:
    """A certificate that ends tomorrow and signs itself, and its key, in the folder of the check."""
    certificate, key = work() / CERTIFICATE, work() / PRIVATE_KEY
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=gateway", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True)
    return certificate, key


def monitor_of(stand: Stand, admin: int, tls: int) -> Process:
    """A monitor that probes the gateway and the tool servers every second."""
    watched = [f"gateway={stand.url}", f"gateway-tls=https://127.0.0.1:{tls}/mcp"]
    watched += [f"{name}=http://127.0.0.1:{port}/mcp" for name, port in stand.metrics.items() if name.startswith("tool-server")]
    return Process(
        "monitor", BIN_DIR / "mcp-monitor", "--listen", f"127.0.0.1:{admin}", "--interval", "1s", "--timeout", "2s",
        "--call", "health_check", "--ca", work() / CERTIFICATE, *watched)


@contextmanager
def started(*, with_redis: bool) -> Iterator[Stand]:
    """Everything, and its end. Without a Redis there is nobody where the others look for it."""
    servers = ["tool-server-1", "tool-server-2", "tool-server-3"]
    ports = {name: free_port() for name in ("service", "redis", "gateway", "monitor", "tls", *servers)}
    stand = Stand(ports["service"], ports["redis"])
    configuration = work() / "gateway.conf"
    certificate, private_key = make_certificate()
    configuration.write_text(CONFIGURATION.format(
        service=ports["service"], tls=ports["tls"], admin=ports["gateway"], redis=ports["redis"],
        certificate=certificate, private_key=private_key,
        backends=", ".join(f"http://127.0.0.1:{ports[name]}/mcp" for name in servers)))
    with ExitStack() as stack:
        if with_redis:
            stand.programs["redis"] = Process(
                "redis", "redis-server", "--bind", "127.0.0.1", "--port", str(ports["redis"]), "--save", "", "--dir", work())
        for name in servers:
            stand.programs[name] = Process(
                name, BIN_DIR / "mcp-tool-server", "--listen", f"127.0.0.1:{ports[name]}", "--name", name,
                "--rate-limit", "0", "--redis", f"redis://127.0.0.1:{ports['redis']}/1")
            stand.metrics[name] = ports[name]
        stand.programs["gateway"] = Process(
            "gateway", BIN_DIR / "mcp-gateway", "run", "--config", configuration, environment={"GATEWAY_KEY": SECRET})
        stand.metrics["gateway"] = ports["gateway"]
        stand.programs["monitor"] = monitor_of(stand, ports["monitor"], ports["tls"])
        stand.metrics["monitor"] = ports["monitor"]
        for process in stand.programs.values():
            stack.enter_context(process)
        for name in stand.metrics:
            wait_for(f"{name} to serve its metrics", lambda name=name: stand.page(name), 20)
        wait_for("the gateway to be ready", lambda: fetch(f"http://127.0.0.1:{ports['gateway']}/ready"), 20)
        yield stand
