"""User instructions and calls to the allocator per proxied call, by callgrind, against committed thresholds.

Run by scripts/measure-call, which installs and builds what this needs. The gateway runs twice, with N and with 3 N calls;
the difference divided by 2 N is what one call costs, without start and end. Unlike CPU time it repeats within a per cent
on any machine, however busy.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import peers
from callgrind_profile import Profile
from drivers import load
from processes import BenchError, Processes, cores
from rows import ROWS, Row

ROOT = Path(__file__).resolve().parents[2]
THRESHOLDS = ROOT / "Benchmarks/thresholds.json"
# Enough to drown timers, few enough for a minute: a call takes about a millisecond under valgrind.
CALLS = 1_500
# Calls under way at a time: several per turn of the event loop, as under load.
CONNECTIONS = 16


@dataclass
class Cost:
    """What a call takes."""

    instructions: float
    mallocs: float


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/measure-call",
        description="Counts user instructions and calls to malloc per proxied call, by callgrind.",
        epilog=f"Exit status 1 when a figure is above its threshold in {THRESHOLDS.relative_to(ROOT)}.")
    names = ",".join(row.name for row in measured_rows())
    parser.add_argument("--rows", default=names, help="kinds of calls, with commas; all are %(default)s")
    parser.add_argument("--calls", type=int, default=CALLS, help="calls of the shorter run, %(default)s unless given")
    parser.add_argument(
        "--explain", metavar="N", type=int, default=0, help="show the N dearest functions, and who allocates")
    parser.add_argument("--keep", metavar="FOLDER", type=Path, help="keep callgrind's files, for callgrind_annotate")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures to a file as well")
    parser.add_argument("--gateway", metavar="FILE", type=Path, default=ROOT / ".build/release/mcp-gateway", help=argparse.SUPPRESS)
    parser.add_argument("--load", metavar="FILE", type=Path, default=ROOT / ".build/release/mcp-load", help=argparse.SUPPRESS)
    parser.add_argument("--backend", metavar="FILE", type=Path, default=ROOT / ".build/bench-backend", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    rows = {row.name: row for row in measured_rows()}
    unknown = [name for name in chosen.rows.split(",") if name not in rows]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    if chosen.calls < 100:
        parser.error("--calls must be 100 or more")
    chosen.rows = [rows[name] for name in chosen.rows.split(",")]
    return chosen


def measured_rows() -> list[Row]:
    """The rows that are calls of a kind of their own; how many connections there are does not matter here. Handshakes under a
    profiler make the loop so late that the gateway sheds calls, and what they cost is no work of the gateway's own."""
    return [row for row in ROWS if row.connections == 64 and not row.tls]


def run(chosen: argparse.Namespace, gateway: Path, row: Row, calls: int, directory: Path) -> Profile:
    """One life of the gateway with so many calls."""
    directory.mkdir()
    output = directory / "callgrind.out"
    proxy_core, other_core = cores()
    valgrind = [
        find("valgrind"), "--tool=callgrind", f"--callgrind-out-file={output}", "--compress-strings=no",
        "--compress-pos=no", "--quiet"]
    with Processes(directory) as processes:
        backend = peers.start_backend(processes, chosen.backend, row, other_core)
        # One health check at the start and none during the calls: they are not what is counted.
        proxy = peers.start_gateway(
            processes, gateway, backend, row, proxy_core, under=valgrind, health_interval="1h", patience=300)
        load(chosen.load, proxy, row, other_core, CONNECTIONS, ["--requests", calls, "--timeout", "5m"], 900)
        status = processes.stop(proxy.process, 120)
        if status != 0:
            raise BenchError(f"the gateway ended with status {status}:\n{processes.last_words('gateway')}")
    profile = Profile.read(output)
    if not profile.total:
        raise BenchError(f"callgrind left no figures in {output}")
    return profile


def find(program: str) -> str:
    """A program on the path."""
    found = shutil.which(program)
    if not found:
        raise BenchError(f"{program} is not installed")
    return found


def stripped(gateway: Path, directory: Path) -> Path:
    """A copy without debug information, which valgrind cannot read as Swift writes it."""
    copy = directory / "mcp-gateway"
    subprocess.run([find("strip"), "--strip-debug", "-o", str(copy), str(gateway)], check=True)
    return copy


def measure(chosen: argparse.Namespace, directory: Path) -> dict[str, Cost]:
    """The cost of one call of each kind."""
    gateway = stripped(chosen.gateway, directory)
    costs = {}
    for row in chosen.rows:
        print(f"measure-call: {row.name}: {chosen.calls} and {3 * chosen.calls} calls", file=sys.stderr, flush=True)
        few = run(chosen, gateway, row, chosen.calls, directory / f"{row.name}-few")
        many = run(chosen, gateway, row, 3 * chosen.calls, directory / f"{row.name}-many")
        calls, more = 2 * chosen.calls, many - few
        costs[row.name] = Cost(more.total / calls, more.mallocs / calls)
        if chosen.explain:
            print(f"{row.title}\n\n{more.explain(calls, chosen.explain)}\n")
    return costs


def judge(costs: dict[str, Cost]) -> bool:
    """Prints the figures beside their thresholds; whether all are within."""
    thresholds = json.loads(THRESHOLDS.read_text())
    is_fine = True
    print(f"{'call':12}{'instructions':>14}{'at most':>10}{'mallocs':>10}{'at most':>10}")
    for name, cost in costs.items():
        limit = thresholds[name]
        above = cost.instructions > limit["instructions"] or cost.mallocs > limit["mallocs"]
        is_fine = is_fine and not above
        print(f"{name:12}{cost.instructions:14,.0f}{limit['instructions']:10,}{cost.mallocs:10.2f}{limit['mallocs']:10}"
              + ("   TOO MUCH" if above else ""))
    return is_fine


def main() -> int:
    """The exit status."""
    chosen = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with tempfile.TemporaryDirectory(prefix="mcp-measure-") as name:
            directory = Path(name)
            costs = measure(chosen, directory)
            if chosen.keep:
                chosen.keep.mkdir(parents=True, exist_ok=True)
                for profile in directory.glob("*/callgrind.out"):
                    shutil.copy(profile, chosen.keep / f"{profile.parent.name}.callgrind.out")
    except (BenchError, subprocess.SubprocessError) as error:
        print(f"measure-call: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    is_fine = judge(costs)
    if chosen.json:
        chosen.json.write_text(json.dumps({name: vars(cost) for name, cost in costs.items()}, indent=1) + "\n")
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main())
