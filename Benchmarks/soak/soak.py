"""Runs mixed traffic through a gateway for minutes while its backends die, hang, come back and answer slowly.

Three tool servers behind one gateway with everything on; three drivers: calls of a tool that may be repeated, lists of legacy
sessions, and calls of a tool that may not be repeated. Every answer is checked by the driver. Each few seconds a backend gets
a fault by chance: SIGKILL and a new start, SIGSTOP for a while, or a drain by the operator.

What must hold: no answer is wrong, no call that may be repeated fails, those that may not fail only where they were with the
backend that had the fault, memory does not grow and descriptors come back.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "hop"))
from processes import BenchError, Processes, free_port  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
BINARIES = ROOT / ".build" / "release"
PAGE = os.sysconf("SC_PAGESIZE")
#: Memory that is given out again only in parts makes a staircase; what is left of it after the first minute must be flat.
SLOPE_LIMIT_KIB_PER_MINUTE = 512
#: Calls that a backend had when it got its fault, at most, for each driver of calls that are not repeated.
IN_FLIGHT = 8


class Gateway:
    """The gateway, its admin listener and what the system knows of it."""

    def __init__(self, process: subprocess.Popen, port: int, admin: int):
        self.process, self.port, self.admin = process, port, admin

    def resident_kib(self) -> int:
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * PAGE // 1024

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def page(self, path: str, method: str = "GET") -> str:
        request = urllib.request.Request(f"http://127.0.0.1:{self.admin}{path}", method=method)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.read().decode()

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        lines = [line for line in self.page("/metrics").splitlines() if line.startswith((name + "{", name + " "))]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    def are_all_up(self) -> bool:
        backends = json.loads(self.page("/status"))["pools"][0]["backends"]
        return all(backend["health"] == "up" and backend["breaker"] == "closed" for backend in backends)


def wait_until(what: str, condition, seconds: float = 30) -> None:
    """Waits for a condition; a sentence for the user if it does not come about."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise BenchError(f"{what} did not come about within {seconds:.0f} s")


class Backends:
    """Three tool servers that have faults."""

    def __init__(self, processes: Processes, cores: set[int]):
        self.processes, self.cores = processes, cores
        self.ports = [free_port() for _ in range(3)]
        self.running = [self.start(index) for index in range(3)]
        self.faults = 0

    def start(self, index: int) -> subprocess.Popen:
        return self.processes.start(
            f"backend-{index + 1}-{time.monotonic_ns()}",
            [BINARIES / "mcp-tool-server", "--listen", f"127.0.0.1:{self.ports[index]}", "--name", f"backend-{index + 1}",
             "--log-level", "error", "--rate-limit", "0"], self.cores)

    def have_fault(self, gateway: Gateway, chance: random.Random) -> str:
        """One fault, from its beginning to its end; returns what it was."""
        index = chance.randrange(3)
        kind = chance.choice(["killed", "stopped", "drained"])
        self.faults += 1
        if kind == "killed":
            self.running[index].kill()
            self.running[index].wait()
            time.sleep(chance.uniform(0.1, 3))
            self.running[index] = self.start(index)
        elif kind == "stopped":
            self.running[index].send_signal(signal.SIGSTOP)
            time.sleep(chance.uniform(0.1, 3))
            self.running[index].send_signal(signal.SIGCONT)
        else:
            gateway.page(f"/backends/tools/127.0.0.1:{self.ports[index]}/drain", "POST")
            time.sleep(chance.uniform(0.1, 2))
            gateway.page(f"/backends/tools/127.0.0.1:{self.ports[index]}/resume", "POST")
        return f"backend-{index + 1} was {kind}"


def configuration(ports: list[int]) -> str:
    backends = "\n".join(f"      - http://127.0.0.1:{port}/mcp" for port in ports)
    return f"""listen: 127.0.0.1:0
admin: 127.0.0.1:0
pools:
  tools:
    backends:
{backends}
    timeout: {{ first_byte: 1s, request: 10s }}
    hedge: {{ delay: p95, min_delay: 50ms }}
    trust_annotations: true
    tools: {{ health_check: {{ repeatable: false }} }}
rate_limits:
  - {{ name: all, key: global, rate: 1000000/s }}
log: {{ level: error, file: {os.devnull} }}
"""


def listening(path: Path) -> dict[str, int]:
    """The ports that the gateway has said to listen on."""
    ports = {}
    for line in path.read_text().splitlines():
        said = json.loads(line)
        if said.get("message") == "listening":
            ports[said["listener"]] = int(said["address"].rsplit(":", 1)[1])
    return ports


def drivers(gateway: Gateway, seconds: int, rate: int) -> dict[str, list]:
    """The arguments of each driver."""
    url = f"http://127.0.0.1:{gateway.port}/mcp"
    common = ["--duration", f"{seconds}s", "--warmup", "0s", "--json", "--allow-failures", "--timeout", "15s"]
    return {
        "repeatable tool": [url, "--tool", "process_data", "--arguments", '{"data":{"name":"ada"},"operation":"transform"}',
                            "--expect", "ADA", "--era", "modern", "-c", "16", "--rate", str(rate), *common],
        "lists": [url, "--era", "modern", "-c", "8", "--rate", str(rate // 2), *common],
        "not repeatable": [url, "--tool", "health_check", "--era", "modern", "-c", str(IN_FLIGHT),
                           "--rate", str(rate // 4), *common],
    }


def slope_per_minute(samples: list[tuple[float, int]]) -> float:
    """The slope of the line with the least squares through samples of (seconds, KiB), in KiB per minute."""
    count = len(samples)
    if count < 2:
        return 0
    mean_time = sum(time_ for time_, _ in samples) / count
    mean_size = sum(size for _, size in samples) / count
    spread = sum((time_ - mean_time) ** 2 for time_, _ in samples)
    return 60 * sum((time_ - mean_time) * (size - mean_size) for time_, size in samples) / spread if spread else 0


def run(options: argparse.Namespace) -> dict:
    """The whole of it; returns what was found."""
    chance = random.Random(options.seed)
    seconds = int(options.minutes * 60)
    everywhere = os.sched_getaffinity(0)
    with tempfile.TemporaryDirectory() as folder, Processes(Path(folder)) as processes:
        backends = Backends(processes, everywhere)
        file = Path(folder, "gateway.conf")
        file.write_text(configuration(backends.ports))
        process = processes.start("gateway", [BINARIES / "mcp-gateway", "run", "--config", file], everywhere)
        output = Path(folder, "gateway.out")
        wait_until("the gateway", lambda: {"mcp", "admin"} <= listening(output).keys())
        ports = listening(output)
        gateway = Gateway(process, ports["mcp"], ports["admin"])
        wait_until("all backends", gateway.are_all_up)
        at_rest = gateway.descriptors()

        running = {
            name: processes.start(f"driver {name}", [BINARIES / "mcp-load", *arguments], everywhere)
            for name, arguments in drivers(gateway, seconds, options.rate).items()}
        began = time.monotonic()
        samples: list[tuple[float, int]] = []
        next_report = began + 30
        next_fault = began + 5
        while time.monotonic() < began + seconds:
            # The last faults are over before the calls are.
            if time.monotonic() >= next_fault and time.monotonic() < began + seconds - 10:
                backends.have_fault(gateway, chance)
                next_fault = time.monotonic() + chance.uniform(1, 6)
            if process.poll() is not None:
                raise BenchError(f"the gateway has ended with status {process.returncode}")
            samples.append((time.monotonic() - began, gateway.resident_kib()))
            if time.monotonic() >= next_report:
                print(f"soak: {time.monotonic() - began:4.0f} s, {backends.faults} faults, "
                      f"{samples[-1][1] / 1024:.1f} MiB, {gateway.descriptors()} descriptors", file=sys.stderr, flush=True)
                next_report += 30
            time.sleep(0.5)
        reports = {}
        for name, driver in running.items():
            driver.wait(timeout=60)
            reports[name] = json.loads(Path(folder, f"driver {name}.out").read_text())
        wait_until("recovery of all backends", gateway.are_all_up, seconds=90)
        # Idle connections to backends are kept for 25 s.
        wait_until("the end of idle connections", lambda: gateway.descriptors() <= at_rest + 6, seconds=60)
        later = [sample for sample in samples if sample[0] >= min(60, seconds / 3)]
        found = {
            "seconds": seconds, "faults": backends.faults, "seed": options.seed,
            "resident_mib": round(samples[-1][1] / 1024, 1),
            "slope_kib_per_minute": round(slope_per_minute(later), 1),
            "descriptors_at_rest": at_rest, "descriptors_after": gateway.descriptors(),
            "bugs": int(gateway.metric("mcp_gateway_bugs_total")),
            "retries": int(gateway.metric("mcp_gateway_retries_total")),
            "hedges": int(gateway.metric("mcp_gateway_hedges_total")),
            "calls": reports,
        }
        process.send_signal(signal.SIGTERM)
        found["exit_status"] = process.wait(timeout=40)
        return found


def complaints(found: dict) -> list[str]:
    """What must not be."""
    wrong = []
    for name, report in found["calls"].items():
        if report["wrongAnswers"]:
            wrong.append(f"{name}: {report['wrongAnswers']} wrong answers")
        limit = found["faults"] * IN_FLIGHT if name == "not repeatable" else 0
        if report["failed"] > limit:
            wrong.append(f"{name}: {report['failed']} calls failed, {limit} may: {report['failures']}")
        # At the very end a call may be due that finds no connection free.
        if report["unsent"] > report["calls"] / 1_000:
            wrong.append(f"{name}: {report['unsent']} calls could not be sent in time")
    if found["slope_kib_per_minute"] > SLOPE_LIMIT_KIB_PER_MINUTE and found["seconds"] >= 300:
        wrong.append(f"memory grows by {found['slope_kib_per_minute']} KiB a minute")
    if found["bugs"]:
        wrong.append(f"the gateway has noticed {found['bugs']} mistakes of its own")
    if found["exit_status"]:
        wrong.append(f"the gateway ended with status {found['exit_status']}")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/soak", description=__doc__.split("\n\n")[0],
        epilog="Exit status 1 when something must not be. Memory is judged from five minutes on.")
    parser.add_argument("minutes", type=float, help="how long, as in 10 or 0.5")
    parser.add_argument("--rate", type=int, default=200, help="calls a second of the busiest driver, 200 unless given")
    parser.add_argument("--seed", type=int, default=1, help="of the faults, 1 unless given")
    parser.add_argument("--json", action="store_true", help="print what was found as one JSON object")
    options = parser.parse_args()
    if not 0.25 <= options.minutes <= 24 * 60 or options.rate < 4:
        parser.error("minutes must be 0.25 to 1440, and the rate 4 or more")
    try:
        found = run(options)
    except BenchError as error:
        print(f"soak: {error}", file=sys.stderr)
        return 1
    wrong = complaints(found)
    if options.json:
        print(json.dumps(found | {"complaints": wrong}))
    else:
        for name, report in found["calls"].items():
            print(f"{name:16} {report['calls']:>9,} calls  {report['failed']:>5} failed  {report['wrongAnswers']:>3} wrong  "
                  f"p99 {report['latencyMicroseconds']['p99'] / 1000:.1f} ms")
        print(f"{found['faults']} faults, {found['retries']} retries, {found['hedges']} second attempts; "
              f"{found['resident_mib']} MiB, {found['slope_kib_per_minute']:+.0f} KiB a minute; descriptors "
              f"{found['descriptors_at_rest']} before, {found['descriptors_after']} after")
        for complaint in wrong:
            print(f"MUST NOT BE: {complaint}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
