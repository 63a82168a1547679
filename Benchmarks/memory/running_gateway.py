"""A gateway with one backend, what it says of itself, and other clients' calls beside what is measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

from clients import call_each
from peers import Peer, listening_port
from process_memory import connections_to, descriptors
from processes import BenchError, Processes

#: Calls of the other clients, a second: a tenth of what a core does, so that they measure the gateway and not the machine.
OTHERS_RATE = 200


@dataclass
class Figure:
    """One line of the table. It holds when the value is at most the bound; without a bound it is only said."""

    name: str
    value: float
    unit: str
    bound: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the value is within the bound."""
        return self.bound is None or self.value <= self.bound

    def as_json(self) -> dict:
        """For --json."""
        return asdict(self) | {"holds": self.holds}

    def as_text(self) -> str:
        """For people."""
        verdict = "" if self.bound is None else f"at most {self.bound:>9,.0f}   {'ok' if self.holds else 'FAILED'}"
        return f"  {self.name:54} {self.value:>10,.1f} {self.unit:6} {verdict}".rstrip()


@dataclass
class Sizes:
    """How much of each is measured."""

    idle: int
    streams: int
    readers: int
    answer_bytes: int
    short: int
    slow_heads: int
    stalled_bodies: int
    uploads: int
    others_seconds: int
    waits: bool


class Bench:
    """Starts what a figure needs; everything that was started ends with `processes`."""

    def __init__(self, processes: Processes, binaries: Path, backend: Path):
        self.processes, self.binaries, self.backend_program = processes, binaries, backend
        self.everywhere = os.sched_getaffinity(0)

    def _listen(self, name: str, command: list, listeners: tuple[str, ...] = ("mcp",)) -> tuple[subprocess.Popen, list[int]]:
        process = self.processes.start(name, command, self.everywhere)
        return process, [
            self.processes.wait(name, process, 30, "listening", lambda: listening_port(self.processes, name, listener))
            for listener in listeners]

    def cheap_backend(self, *flags: object) -> Peer:
        """The one of Benchmarks/backend."""
        process, ports = self._listen("backend", [self.backend_program, *flags])
        return Peer("backend", process, ports[0])

    def endless_backend(self) -> Peer:
        """The one whose answers do not end."""
        process, ports = self._listen("endless", [sys.executable, Path(__file__).parent / "endless_backend.py"])
        return Peer("endless", process, ports[0])

    def tool_server(self) -> Peer:
        """mcp-tool-server with all that it can."""
        process, ports = self._listen("tool-server", [
            self.binaries / "mcp-tool-server", "--listen", "127.0.0.1:0", "--everything", "--rate-limit", "0",
            "--log-level", "error"])
        return Peer("tool-server", process, ports[0])

    def gateway(self, backend: Peer, certificate: Path | None = None) -> "Gateway":
        """With its defaults but for the number of connections and of calls to one backend, and with one event loop, as in the
        other measurements; with a certificate, clients talk through TLS."""
        tls = f", tls: {{ certificate: {certificate}, private_key: 'file:{certificate.with_suffix('.key')}' }}" if certificate else ""
        file = self.processes.directory / "gateway.conf"
        file.write_text(f"""listen: [{{ address: 127.0.0.1:0{tls} }}]
admin: 127.0.0.1:0
workers: 1
limits: {{ max_connections: 12000 }}
pools:
  tools:
    backends: [ "http://127.0.0.1:{backend.port}/mcp" ]
    limits: {{ per_backend: 2000, max_concurrency: 2000 }}
log: {{ level: warning, file: {self.processes.directory}/gateway.log }}
""")
        process, ports = self._listen("gateway", [self.binaries / "mcp-gateway", "run", "--config", file], ("mcp", "admin"))
        gateway = Gateway(self, process, *ports, backend.port)
        self.processes.wait("gateway", process, 30, "ready", gateway.is_ready)
        return gateway


class Gateway:
    """A gateway that is measured."""

    def __init__(self, bench: Bench, process: subprocess.Popen, port: int, admin: int, backend_port: int):
        self.bench, self.process, self.pid, self.port, self.admin = bench, process, process.pid, port, admin
        self.backend_port = backend_port

    def page(self, path: str) -> str:
        """A page of the admin listener."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}{path}", timeout=10) as answer:
            return answer.read().decode()

    def is_ready(self) -> bool:
        """Whether it has a backend that is well."""
        try:
            return bool(self.page("/ready"))
        except OSError:
            return False

    def warm_up(self) -> None:
        """Calls as they will come, so that what is held once for all is there already."""
        _, wrong = call_each(self.port, range(500), keep=False)
        if wrong:
            raise BenchError(
                f"{wrong} of 500 calls failed before anything was measured:\n{self.bench.processes.last_words('gateway')}")
        self.page("/metrics")

    def mistakes(self) -> Figure:
        """That it lives at the end, and has noticed no mistake of its own."""
        if self.process.poll() is not None:
            raise BenchError(
                f"the gateway has ended with status {self.process.returncode}:\n{self.bench.processes.last_words('gateway')}")
        bugs = sum(
            float(line.rsplit(" ", 1)[1]) for line in self.page("/metrics").splitlines()
            if line.startswith("mcp_gateway_bugs_total"))
        return Figure("mistakes of its own that it has noticed", bugs, "", 0)

    def descriptors(self) -> int:
        """Its open descriptors, without connections to the backend: those are kept for 25 s after their last call."""
        return descriptors(self.pid) - connections_to(self.pid, self.backend_port)

    def descriptors_above(self, before: int, seconds: float = 10) -> int:
        """How many descriptors there are more than before, once it has noticed that its clients have left."""
        end = time.monotonic() + seconds
        while self.descriptors() > before and time.monotonic() < end:
            time.sleep(0.1)
        return max(0, self.descriptors() - before)

    def backend_connections_left(self, seconds: float = 35) -> int:
        """How many connections to the backend outlive their 25 s; the health checks' own are one at a time."""
        end = time.monotonic() + seconds
        while connections_to(self.pid, self.backend_port) > 1 and time.monotonic() < end:
            time.sleep(0.1)
        return max(0, connections_to(self.pid, self.backend_port) - 1)


class Others:
    """Other clients' calls, at a steady rate, while something else goes on."""

    def __init__(self, gateway: Gateway, seconds: int, arguments: str = "{}"):
        self.seconds, self.processes = seconds, gateway.bench.processes
        self.name = f"others-{time.monotonic_ns()}"
        self.process = self.processes.start(self.name, [
            gateway.bench.binaries / "mcp-load", f"http://127.0.0.1:{gateway.port}/mcp", "--tool", "process_data",
            "--arguments", arguments, "--era", "modern", "-c", 8, "--rate", OTHERS_RATE, "--duration", f"{seconds}s",
            "--warmup", "0s", "--json",
            "--allow-failures", "--timeout", "15s"], gateway.bench.everywhere)

    def figures(self) -> list[Figure]:
        """How they fared."""
        self.process.wait(self.seconds + 60)
        try:
            report = json.loads(self.processes.output(self.name).read_text())
        except ValueError as error:
            raise BenchError(f"mcp-load said nothing of use: {self.processes.last_words(self.name)}") from error
        latency = report["latencyMicroseconds"]
        return [
            Figure("p99 of other clients' calls meanwhile", latency["p99"] / 1_000 if latency else float("inf"), "ms", 250),
            Figure("calls of theirs that failed or went wrong", report["failed"] + report["wrongAnswers"], "", 0)]
