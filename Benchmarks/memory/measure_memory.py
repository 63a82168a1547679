"""What connections, streams, slow readers and slow senders cost the gateway, beside the bounds that they must keep.

Run by scripts/measure-memory, which builds what this needs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "Benchmarks" / "hop"), str(ROOT / "Benchmarks" / "server")]

import figures  # noqa: E402
from clients import raise_descriptor_limit  # noqa: E402
from processes import BenchError, Processes  # noqa: E402
from running_gateway import Bench, Figure, Sizes  # noqa: E402

FULL = Sizes(
    idle=10_000, streams=1_000, readers=64, answer_bytes=8 << 20, short=20_000, slow_heads=500, stalled_bodies=300, uploads=100,
    others_seconds=8, waits=True)
QUICK = Sizes(
    idle=2_000, streams=200, readers=16, answer_bytes=8 << 20, short=2_000, slow_heads=100, stalled_bodies=60, uploads=20,
    others_seconds=2, waits=False)


def parts(sizes: Sizes) -> dict:
    """What is measured: a title and the function each, by the name that --only takes."""
    mib = sizes.answer_bytes >> 20
    return {
        "idle": (f"{sizes.idle:,} idle connections", figures.idle_connections),
        "tls": (f"{sizes.streams:,} idle connections with TLS", figures.idle_sealed_connections),
        "listen": (f"{sizes.streams:,} streams of subscriptions/listen", figures.listen_streams),
        "sessions": (f"{sizes.streams:,} sessions with a GET stream each", figures.session_streams),
        "readers": (f"{sizes.readers} slow readers of {mib} MiB of JSON", figures.slow_readers),
        "stream-readers": (f"{sizes.readers} slow readers of {mib} MiB of events", figures.slow_stream_readers),
        "short": (f"{sizes.short:,} short connections", figures.short_connections),
        "slow": (f"{sizes.slow_heads} slow heads and {sizes.stalled_bodies} stalled bodies", figures.slow_heads_and_bodies),
        "endless": ("answers without end", figures.endless_answers),
        "uploads": (f"{sizes.uploads} slow bodies of 4 MiB", figures.slow_uploads),
    }


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/measure-memory", description=__doc__.split("\n\n", maxsplit=1)[0],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n"
        "  scripts/measure-memory                      all figures, about three minutes\n"
        "  scripts/measure-memory --quick              the same with fewer connections, under a minute\n"
        "  scripts/measure-memory --only idle uploads  two of them\n"
        "  MCP_BIN_DIR=/opt/mcp scripts/measure-memory --json\n\n"
        "Memory is read from /proc: pages that the gateway has to itself, and for peaks the kernel's mark of the largest\n"
        "resident size. Exit status 1 when a bound is missed or nothing can be measured.")
    parser.add_argument("--quick", action="store_true", help="fewer of everything; does not wait for stalled writes to be closed")
    parser.add_argument("--only", nargs="+", metavar="PART", choices=list(parts(FULL)), help=f"of {', '.join(parts(FULL))}")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument("--binaries", metavar="FOLDER", type=Path,
                        default=Path(os.environ.get("MCP_BIN_DIR") or ROOT / ".build/release"), help=argparse.SUPPRESS)
    parser.add_argument("--backend", metavar="FILE", type=Path, default=ROOT / ".build/bench-backend", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """The exit status."""
    chosen = arguments()
    sizes = QUICK if chosen.quick else FULL
    began = time.monotonic()
    report: dict[str, list[Figure]] = {}
    try:
        # The gateway must have one for each connection, and half of its descriptors are for backends.
        raise_descriptor_limit(sizes.idle + 2_000)
        for name, (title, measure) in parts(sizes).items():
            if chosen.only and name not in chosen.only:
                continue
            started = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="mcp-memory-") as directory, Processes(Path(directory)) as processes:
                report[name] = measure(Bench(processes, chosen.binaries.resolve(), chosen.backend.resolve()), sizes)
            if not chosen.json:
                print(f"{title} ({time.monotonic() - started:.0f} s)")
                print("\n".join(figure.as_text() for figure in report[name]), flush=True)
    except (BenchError, OSError, subprocess.TimeoutExpired) as error:
        print(f"measure-memory: {error}", file=sys.stderr)
        return 1
    failed = [f"{name}: {figure.name.strip()}" for name, found in report.items() for figure in found if not figure.holds]
    seconds = round(time.monotonic() - began, 1)
    if chosen.json:
        print(json.dumps({
            "seconds": seconds, "failed": failed,
            "figures": {name: [figure.as_json() for figure in found] for name, found in report.items()}}, indent=1))
    else:
        print(f"{seconds:.0f} s; {f'FAILED: {len(failed)}' if failed else 'all within their bounds'}")
    for failure in failed:
        print(f"measure-memory: missed: {failure}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
