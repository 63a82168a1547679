"""Processes that are measured: started on one core, watched through /proc, stopped by their own id."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
LIBC = ctypes.CDLL(None, use_errno=True)
TICK = 1 / os.sysconf("SC_CLK_TCK")


class BenchError(Exception):
    """A sentence for the user; nothing can be measured."""


def cores() -> tuple[set[int], set[int]]:
    """The cores for the proxy and for everything else: two different ones where there are two."""
    usable = sorted(os.sched_getaffinity(0))
    return {usable[0]}, {usable[1] if len(usable) > 1 else usable[0]}


def free_port() -> int:
    """A port of the loopback address that nobody had a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid: int) -> float:
    """CPU time of a process, of its children and of those that these have waited for (proc(5))."""
    parents: dict[int, tuple[int, float]] = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            text = Path("/proc", entry, "stat").read_text()
        except OSError:
            continue  # it has just ended
        # The name may hold spaces and parentheses; behind it come state and parent, and fields 14 to 17 are the times.
        fields = text[text.rindex(")") + 2:].split()
        parents[int(entry)] = (int(fields[1]), sum(int(ticks) for ticks in fields[11:15]) * TICK)
    if pid not in parents:
        raise BenchError(f"process {pid} has ended while it was measured")
    total, waiting = 0.0, [pid]
    while waiting:
        current = waiting.pop()
        total += parents[current][1]
        waiting += [child for child, (parent, _) in parents.items() if parent == current]
    return total


class Processes:
    """Everything that was started; leaving the `with` block stops all of it, last started first."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.started: list[tuple[str, subprocess.Popen]] = []

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_all()

    def start(self, name: str, arguments: list, core: set[int]) -> subprocess.Popen:
        """Starts a program with its output in NAME.out and NAME.err, bound to `core`."""

        def prepare() -> None:
            os.sched_setaffinity(0, core)
            # Should this script be killed outright, what it started must not stay.
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

        with open(self.output(name), "wb") as out, open(self.directory / f"{name}.err", "wb") as err:
            process = subprocess.Popen(
                [str(argument) for argument in arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                start_new_session=True, preexec_fn=prepare, cwd=self.directory)
        self.started.append((name, process))
        return process

    def output(self, name: str) -> Path:
        """Where the standard output of a program goes."""
        return self.directory / f"{name}.out"

    def last_words(self, name: str) -> str:
        """The end of what a program said."""
        text = (self.directory / f"{name}.err").read_text(errors="replace")
        return (text or self.output(name).read_text(errors="replace")).strip()[-2000:]

    def wait(self, name: str, process: subprocess.Popen, seconds: float, what: str, condition):
        """Polls until `condition` returns something true, which is returned."""
        deadline = time.monotonic() + seconds
        while True:
            result = condition()
            if result:
                return result
            if process.poll() is not None:
                raise BenchError(f"{name} ended before it was {what}:\n{self.last_words(name)}")
            if time.monotonic() > deadline:
                raise BenchError(f"{name} was not {what} within {seconds:.0f} s:\n{self.last_words(name)}")
            time.sleep(0.02)

    def wait_for_port(self, name: str, process: subprocess.Popen, port: int, seconds: float = 10) -> None:
        """Waits until something accepts connections on a port."""

        def accepts() -> bool:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return True
            except OSError:
                return False

        self.wait(name, process, seconds, "listening", accepts)

    def stop(self, process: subprocess.Popen, seconds: float = 10) -> int:
        """Asks a process to end, and makes it if it does not; returns its exit status."""
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        return process.returncode

    def stop_all(self) -> None:
        """Stops everything."""
        for _, process in reversed(self.started):
            self.stop(process)
        self.started.clear()
