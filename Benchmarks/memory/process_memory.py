"""What the operating system says of a process: its memory, its descriptors; and of the sockets of the machine.

Figures of what stays are `Private_Dirty` of /proc/PID/smaps_rollup: pages that the process has written and that nobody else has,
which is what it would give back. The resident size has the pages of the program's own file in addition, which come as code is
run for the first time, cost nothing per connection, and are dropped when memory is short. Peaks are the kernel's own mark of
the largest resident size (`VmHWM`, set back through clear_refs; proc(5)), because a sample can miss them: what little code is
run for the first time meanwhile is counted against the gateway.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from processes import BenchError

PAGE = os.sysconf("SC_PAGESIZE")


def _kib(path: Path, name: str) -> int:
    """A field of a file of /proc that is in KiB."""
    for line in path.read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise BenchError(f"{path} has no {name}: this needs Linux 4.14 or later")


def private_kib(pid: int) -> int:
    """Memory of the process alone."""
    return _kib(Path(f"/proc/{pid}/smaps_rollup"), "Private_Dirty")


def resident_kib(pid: int) -> int:
    """Memory that the process holds now, the pages of its program included."""
    return _kib(Path(f"/proc/{pid}/status"), "VmRSS")


def descriptors(pid: int) -> int:
    """How many descriptors the process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def connections_to(pid: int, port: int) -> int:
    """How many connections the process has to a port of the loopback address."""
    sockets = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
        except OSError:
            continue  # it has just been closed
        if target.startswith("socket:["):
            sockets.add(target[8:-1])
    # Fields 2 and 9 of a line: the other end, in hexadecimal, and the inode (proc(5)).
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(words[2].endswith(f":{port:04X}") and words[9] in sockets for words in lines)


def socket_kib() -> int:
    """What the kernel holds for TCP of the whole machine: queued bytes, both ends of each connection."""
    for line in Path("/proc/net/sockstat").read_text().splitlines():
        words = line.split()
        if words[0] == "TCP:":
            return int(words[words.index("mem") + 1]) * PAGE // 1_024
    return 0


def settled_private_kib(pid: int, seconds: float = 3) -> int:
    """`private_kib` once it has been the same, within 64 KiB, for a quarter of a second; the last one if it never is."""
    end = time.monotonic() + seconds
    last = private_kib(pid)
    while time.monotonic() < end:
        time.sleep(0.25)
        now = private_kib(pid)
        if abs(now - last) <= 64:
            return now
        last = now
    return last


class Growth:
    """How much a process has grown since this was made, at most and now."""

    def __init__(self, pid: int):
        self.pid = pid
        self.private = settled_private_kib(pid)
        # 5: set the mark back to what is resident now.
        Path(f"/proc/{pid}/clear_refs").write_text("5")
        self.resident = resident_kib(pid)

    def now_kib(self) -> int:
        """What it has more of its own than before."""
        return settled_private_kib(self.pid) - self.private

    def peak_kib(self) -> int:
        """What it had more, at most, at any moment since."""
        return max(0, _kib(Path(f"/proc/{self.pid}/status"), "VmHWM") - self.resident)
