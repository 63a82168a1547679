"""CPU time per call of the gateway beside nginx and HAProxy: the same backend, the same calls, in turn.

Run by scripts/bench, which installs and builds what this needs.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import peers
from drivers import Sample, drive_with_load, drive_with_wrk, verify
from processes import BenchError, Processes, cores
from rows import ROWS, Row

ROOT = Path(__file__).resolve().parents[2]
PROXIES = ["gateway", "nginx", "haproxy"]
# What the figure must not exceed, gateway by nginx, in each row.
LIMIT = 1.3


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="Measures CPU time per call of the gateway, nginx and HAProxy.",
        epilog="Each round drives the three in turn. The proxy has one core, backend and driver share another. Exit "
        "status 1 when answers were wrong or, except with --quick, when the gateway costs more than "
        f"{LIMIT} times as much as nginx in some row.")
    parser.add_argument("--rounds", type=int, default=5, help="rounds per row, 5 unless given")
    parser.add_argument("--seconds", type=float, default=3, help="length of one measurement, 3 unless given")
    parser.add_argument(
        "--rows", default=",".join(row.name for row in ROWS), help="rows, with commas; all are %(default)s")
    parser.add_argument("--proxies", default=",".join(PROXIES), help="proxies, with commas; all are %(default)s")
    parser.add_argument("--driver", choices=["wrk", "mcp-load"], default="wrk", help="who makes the measured calls")
    parser.add_argument("--quick", action="store_true", help="one round of a second: whether it works, not what it costs")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all rounds to a file as well")
    parser.add_argument("--binaries", metavar="FOLDER", type=Path, default=ROOT / ".build/release", help=argparse.SUPPRESS)
    parser.add_argument("--backend", metavar="FILE", type=Path, default=ROOT / ".build/bench-backend", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.rounds, chosen.seconds = 1, 1
    if chosen.rounds < 1 or not 1 <= chosen.seconds <= 600:
        parser.error("--rounds must be 1 or more, --seconds 1 to 600")
    names = {row.name: row for row in ROWS}
    unknown = [name for name in chosen.rows.split(",") if name not in names]
    unknown += [name for name in chosen.proxies.split(",") if name not in PROXIES]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    chosen.rows = [names[name] for name in chosen.rows.split(",")]
    chosen.proxies = chosen.proxies.split(",")
    return chosen


def say(text: str) -> None:
    """One line of progress."""
    print(text, file=sys.stderr, flush=True)


def start(processes: Processes, chosen: argparse.Namespace, row: Row) -> tuple[peers.Peer, list[peers.Peer]]:
    """Backend and proxies of a row."""
    proxy_core, other_core = cores()
    backend = peers.start_backend(processes, chosen.backend, row, other_core)
    running = []
    for name in chosen.proxies:
        if not row.measures(name):
            continue
        if name == "gateway":
            running.append(peers.start_gateway(processes, chosen.binaries / "mcp-gateway", backend, row, proxy_core))
        elif name == "nginx":
            running.append(peers.start_nginx(processes, find("nginx"), backend, row, proxy_core))
        else:
            running.append(peers.start_haproxy(processes, find("haproxy"), backend, proxy_core))
    return backend, running


def find(program: str) -> str:
    """A program, on the path or among those for administrators."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin:/usr/local/sbin")
    if not found:
        raise BenchError(f"{program} is not installed")
    return found


def measure(row: Row, chosen: argparse.Namespace, directory: Path) -> dict[str, list[Sample]]:
    """All rounds of a row."""
    directory.mkdir()
    body = directory / "request.json"
    body.write_bytes(row.request())
    load = chosen.binaries / "mcp-load"
    _, core = cores()
    with Processes(directory) as processes:
        backend, running = start(processes, chosen, row)
        samples: dict[str, list[Sample]] = {peer.name: [] for peer in running}

        def drive(peer: peers.Peer, seconds: float) -> Sample:
            if chosen.driver == "wrk":
                sample = drive_with_wrk(find("wrk"), body, peer, backend, row, core, seconds)
            else:
                sample = drive_with_load(load, peer, backend, row, core, seconds)
            log = directory / "gateway.log"
            if log.exists():
                log.write_bytes(b"")  # a line per call: minutes of it would fill the disk
            return sample

        # A cached answer of nginx is right for one caller only.
        checked = [peer for peer in running if not row.cached or peer.name == "gateway"]
        for peer in checked:
            say(f"{row.name}: checking answers through {peer.name}")
            verify(load, peer, row, core)
        if not chosen.quick:
            for peer in running:
                drive(peer, 1)
        for number in range(chosen.rounds):
            # Another one begins each round, so that none is always measured behind the same neighbour.
            shift = number % len(running)
            for peer in running[shift:] + running[:shift]:
                sample = drive(peer, chosen.seconds)
                samples[peer.name].append(sample)
                say(f"{row.name}: round {number + 1} of {chosen.rounds}, {peer.name}: "
                    f"{sample.cpu_per_call:.1f} µs, {sample.calls_per_second:,.0f} calls/s")
        for peer in running:
            if peer.process.poll() is not None:
                raise BenchError(f"{peer.name} ended while it was measured:\n{processes.last_words(peer.name)}")
        for peer in checked:
            verify(load, peer, row, core)
    return samples


def ratio(samples: dict[str, list[Sample]], other: str) -> float | None:
    """Gateway by another, as the median over the rounds: neighbours in time are compared, drift drops out."""
    if other not in samples or "gateway" not in samples or other == "gateway":
        return None
    # A sample of a second on a crowded machine may hold no tick of the clock that counts CPU time.
    pairs = [(ours, theirs) for ours, theirs in zip(samples["gateway"], samples[other]) if theirs.cpu_per_call > 0]
    return median(ours.cpu_per_call / theirs.cpu_per_call for ours, theirs in pairs) if pairs else None


def table(results: list[tuple[Row, dict[str, list[Sample]]]]) -> str:
    """What people read."""
    lines = []
    for row, samples in results:
        backend = median(sample.backend_cpu_per_call for all in samples.values() for sample in all)
        lines += [f"{row.title} (backend {backend:.1f} µs)",
                  f"  {'':10}{'CPU µs/call':>12}{'min–max':>14}{'calls/s':>10}{'p50 ms':>9}{'p99 ms':>9}"]
        for name, rounds in samples.items():
            cpu = sorted(sample.cpu_per_call for sample in rounds)
            spread = f"{cpu[0]:.1f}–{cpu[-1]:.1f}"
            lines.append(
                f"  {name:10}{median(cpu):12.1f}{spread:>14}{median(s.calls_per_second for s in rounds):10,.0f}"
                f"{median(s.p50 for s in rounds) / 1e3:9.2f}{median(s.p99 for s in rounds) / 1e3:9.2f}")
        ratios = [f"gateway ÷ {other} {value:.2f}" for other in ("nginx", "haproxy")
                  if (value := ratio(samples, other)) is not None]
        lines += ["  " + "   ".join(ratios), ""] if ratios else [""]
    return "\n".join(lines)


def version(arguments: list[str]) -> str:
    """The first line that a program says of itself."""
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    return ((done.stdout or done.stderr).strip().splitlines() or [""])[0]


def machine() -> dict:
    """What the figures belong to."""
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    return {
        "cpu": model, "kernel": platform.release(),
        "commit": version(["git", "-C", str(ROOT), "describe", "--always", "--dirty"]) or "unknown",
        "nginx": version([find("nginx"), "-v"]).removeprefix("nginx version: "),
        "haproxy": version([find("haproxy"), "-v"]).split(" - ")[0],
    }


def report(results: list[tuple[Row, dict[str, list[Sample]]]], chosen: argparse.Namespace) -> dict:
    """What programs read."""
    return {
        "machine": machine(), "driver": chosen.driver, "rounds": chosen.rounds, "seconds": chosen.seconds,
        "rows": [
            {
                "name": row.name, "title": row.title,
                "gatewayByNginx": ratio(samples, "nginx"), "gatewayByHAProxy": ratio(samples, "haproxy"),
                "proxies": {
                    name: [
                        {"cpuMicrosecondsPerCall": round(s.cpu_per_call, 3), "callsPerSecond": round(s.calls_per_second, 1),
                         "calls": s.calls, "p50Microseconds": s.p50, "p99Microseconds": s.p99,
                         "backendCpuMicrosecondsPerCall": round(s.backend_cpu_per_call, 3)} for s in rounds]
                    for name, rounds in samples.items()},
            } for row, samples in results],
    }


def main() -> int:
    """The exit status."""
    chosen = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # A connection takes two descriptors in a proxy.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8_192 if hard == resource.RLIM_INFINITY else min(8_192, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    results = []
    try:
        with tempfile.TemporaryDirectory(prefix="mcp-bench-") as directory:
            for row in chosen.rows:
                results.append((row, measure(row, chosen, Path(directory) / row.name)))
    except (BenchError, subprocess.TimeoutExpired) as error:
        say(f"bench: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    whole = report(results, chosen)
    facts = whole["machine"]
    print(f"commit {facts['commit']}, {facts['nginx']}, {facts['haproxy']}")
    print(f"{facts['cpu']}, Linux {facts['kernel']}; {chosen.rounds} rounds of {chosen.seconds:g} s, medians, {chosen.driver}\n")
    print(table(results), end="")
    if chosen.json:
        chosen.json.write_text(json.dumps(whole, indent=1) + "\n")
    # nginx does not ask anybody about its limits.
    above = [
        row.name for row, samples in results if row.limits != "redis" and (ratio(samples, "nginx") or 0) > LIMIT]
    if above and not chosen.quick:
        say(f"bench: more than {LIMIT} times the CPU time of nginx in: {', '.join(above)}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
