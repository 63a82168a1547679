"""Reads what callgrind has written, made without compressed names and positions."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}
# What stands between a call of `malloc` and the code that wanted memory.
RUNTIME = re.compile(r"^(swift_|_swift_|swift::|operator new|_Znwm|_ZN5swift|_ZNSt|je_)|^(malloc|calloc|realloc)$")


@dataclass
class Profile:
    """Instructions by function, and calls from function to function."""

    instructions: Counter = field(default_factory=Counter)
    calls: Counter = field(default_factory=Counter)  # by (caller, callee)

    @staticmethod
    def read(path: Path) -> Profile:
        """Reads a file."""
        profile = Profile()
        function = callee = ""
        is_inclusive = False
        with path.open(errors="replace") as lines:
            for line in lines:
                if line.startswith("fn="):
                    function = plain(line[3:])
                elif line.startswith("cfn="):
                    callee = plain(line[4:])
                elif line.startswith("calls="):
                    profile.calls[function, callee] += int(line[6:].split()[0])
                    is_inclusive = True
                elif line[:1].isdigit():
                    # The line behind `calls=` holds what the callee took, which is counted there.
                    if not is_inclusive:
                        profile.instructions[function] += int(line.split()[1])
                    is_inclusive = False
        return profile

    @property
    def total(self) -> int:
        """All instructions."""
        return sum(self.instructions.values())

    @property
    def mallocs(self) -> int:
        """All calls of an allocator from outside of it."""
        return sum(
            count for (caller, callee), count in self.calls.items() if callee in ALLOCATORS and caller not in ALLOCATORS)

    def __sub__(self, other: Profile) -> Profile:
        """What this run did more than another."""
        difference = Profile(Counter(self.instructions), Counter(self.calls))
        difference.instructions.subtract(other.instructions)
        difference.calls.subtract(other.calls)
        return difference

    def explain(self, divisor: int, count: int) -> str:
        """The dearest functions and those that allocate, per call; names demangled where `swift` is at hand."""
        lines = ["instructions  function"]
        lines += [f"{cost / divisor:12,.0f}  {name}" for name, cost in self.instructions.most_common(count)]
        lines += ["", "     mallocs  wanted by"]
        wanted = self._wanted_by().most_common(count)
        lines += [f"{calls / divisor:12.2f}  {name}" for name, calls in wanted if calls / divisor >= 0.01]
        return demangled("\n".join(lines))

    def _wanted_by(self) -> Counter:
        """Calls of allocators by the first function outside of the runtime, shared out in proportion to the calls."""
        callers: dict[str, Counter] = {}
        for (caller, callee), count in self.calls.items():
            if count > 0:
                callers.setdefault(callee, Counter())[caller] += count
        result: Counter = Counter()
        shares = {name: float(sum(callers.get(name, Counter()).values())) for name in ALLOCATORS}
        for _ in range(6):  # as deep as the runtime goes
            deeper: Counter = Counter()
            for callee, share in shares.items():
                total = sum(callers.get(callee, Counter()).values())
                for caller, count in callers.get(callee, Counter()).items():
                    portion = share * count / total
                    if RUNTIME.search(caller):
                        deeper[caller] += portion
                    else:
                        result[caller] += portion
            shares = dict(deeper)
        result.update(shares)
        return result


def plain(name: str) -> str:
    """A name without the 'N that tells the depth of a recursion."""
    return re.sub(r"'\d+$", "", name.strip())


def demangled(text: str) -> str:
    """The text with Swift's names as in the source."""
    swift = shutil.which("swift")
    if not swift:
        return text
    done = subprocess.run(
        [swift, "demangle", "--simplified"], input=text, capture_output=True, text=True, check=False)
    return done.stdout.rstrip() if done.returncode == 0 else text
