"""Who makes the calls: mcp-load where every answer is to be checked, wrk where the driver must cost little."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from peers import Peer
from processes import BenchError, cpu_seconds
from rows import Row

SCRIPT = Path(__file__).parent / "drive.lua"


@dataclass
class Sample:
    """One proxy, one round."""

    calls: int
    seconds: float
    proxy_cpu: float  # seconds of CPU time during the round
    backend_cpu: float
    p50: float  # microseconds
    p99: float

    @property
    def cpu_per_call(self) -> float:
        """Microseconds of the proxy per call."""
        return self.proxy_cpu / self.calls * 1e6

    @property
    def backend_cpu_per_call(self) -> float:
        """Microseconds of the backend per call."""
        return self.backend_cpu / self.calls * 1e6

    @property
    def calls_per_second(self) -> float:
        """Throughput."""
        return self.calls / self.seconds


def run(arguments: list, core: set[int], seconds: float) -> str:
    """Runs a driver on a core; its output, or an error with what it said."""
    done = subprocess.run(
        [str(argument) for argument in arguments], capture_output=True, text=True, timeout=seconds,
        stdin=subprocess.DEVNULL, preexec_fn=lambda: os.sched_setaffinity(0, core))
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()
        raise BenchError(f"{Path(arguments[0]).name} failed with status {done.returncode}:\n{said}")
    return done.stdout


def load(program: Path, peer: Peer, row: Row, core: set[int], connections: int, end: list, seconds: float) -> dict:
    """Runs mcp-load, which checks every answer; its report."""
    report = json.loads(run(
        [program, peer.url, "--era", "modern", "--tool", "process_data", "--arguments", json.dumps(row.arguments()),
         "--expect", "resultType", "--connections", connections, "--json", *end,
         *(["--cacert", peer.certificate] if peer.certificate else [])], core, seconds))
    expected_streams = report["answered"] if row.events else 0
    if report["eventStreams"] != expected_streams:
        raise BenchError(f"{peer.name} gave {report['eventStreams']} event streams instead of {expected_streams}")
    if not row.events and report["answerBytes"] != report["answered"] * row.answer_size:
        raise BenchError(f"{peer.name} gave answers of another size than {row.answer_size} bytes")
    return report


def verify(program: Path, peer: Peer, row: Row, core: set[int]) -> None:
    """Makes some calls and checks id, form, size and content of each answer."""
    load(program, peer, row, core, 8, ["--requests", 200, "--timeout", "10s"], 60)


def drive_with_load(program: Path, peer: Peer, backend: Peer, row: Row, core: set[int], seconds: float) -> Sample:
    """One round with mcp-load."""
    before = cpu_seconds(peer.process.pid), cpu_seconds(backend.process.pid)
    report = load(
        program, peer, row, core, row.connections, ["--duration", f"{round(seconds * 1000)}ms", "--warmup", "0s"],
        seconds + 60)
    after = cpu_seconds(peer.process.pid), cpu_seconds(backend.process.pid)
    latency = report["latencyMicroseconds"]
    return Sample(
        report["calls"], report["seconds"], after[0] - before[0], after[1] - before[1], latency["p50"], latency["p99"])


def drive_with_wrk(
    program: str, body: Path, peer: Peer, backend: Peer, row: Row, core: set[int], seconds: float
) -> Sample:
    """One round with wrk, which checks the status of each answer."""
    before = cpu_seconds(peer.process.pid), cpu_seconds(backend.process.pid)
    output = run(
        [program, "--threads", 1, "--connections", row.connections, "--duration", f"{max(1, round(seconds))}s",
         "--timeout", "10s", "--script", SCRIPT, peer.url, "--", body], core, seconds + 60)
    after = cpu_seconds(peer.process.pid), cpu_seconds(backend.process.pid)
    summary = json.loads(next(line for line in output.splitlines() if line.startswith("{")))
    errors = {kind: summary[kind] for kind in ("connect", "read", "write", "status", "timeout") if summary[kind]}
    if errors or not summary["calls"]:
        raise BenchError(f"calls through {peer.name} failed: {errors or 'none was answered'}")
    return Sample(
        summary["calls"], summary["seconds"], after[0] - before[0], after[1] - before[1], summary["p50"],
        summary["p99"])
