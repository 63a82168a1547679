"""What the checks of deployments share: their tools, and the programs that they run."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

ROOT = Path(os.environ.get("ROOT") or Path(__file__).resolve().parents[2])
"""The repository."""

BIN_DIR = Path(os.environ.get("BIN_DIR") or ROOT / ".build/release")
"""Where the release binaries are."""

SKIPPED = 77
"""The exit status of a check that cannot run on this machine."""

Found = TypeVar("Found")


def work() -> Path:
    """An empty folder of the check, removed after it."""
    folder = os.environ.get("WORK")
    if not folder:
        fail("WORK is not set: run this by scripts/test-deployments")
    return Path(folder)


def fail(reason: str) -> NoReturn:
    """Ends the check as failed."""
    print(f"failed: {reason}", flush=True)
    sys.exit(1)


def skip(reason: str) -> NoReturn:
    """Ends the check as one that this machine cannot run; the reason is shown to whoever runs it."""
    print(reason, flush=True)
    sys.exit(SKIPPED)


def require(condition: object, what: str) -> None:
    """Fails the check with a sentence unless the condition holds; unlike `assert`, also under `python -O`."""
    if not condition:
        fail(what)


def need(command: str, package: str) -> None:
    """Installs the system package that brings the command, unless it is there."""
    if shutil.which(command) or Path("/usr/sbin", command).exists():
        return
    _script(f"need_command {command} {package}; install_missing")


def tools(name: str) -> Path:
    """Goes on in the environment that Tests/Deployment/requirements/NAME.txt describes; returns its folder of programs.

    The check begins anew there, so this comes first, before any import of what the environment brings.
    """
    environment = ROOT / f".venv-{name}"
    if Path(sys.prefix) != environment:
        _script(f"need_python; install_missing; ensure_tools {name}")
        python = environment / "bin/python"
        os.execv(python, [str(python), *sys.argv])
    return environment / "bin"


def _script(commands: str) -> None:
    libraries = " ".join(f"source scripts/lib/{name}.sh;" for name in ("common", "packages", "python"))
    ended = subprocess.run(["bash", "-euo", "pipefail", "-c", libraries + commands], cwd=ROOT)
    if ended.returncode != 0:
        fail(f"could not be prepared: {commands}")


def free_port() -> int:
    """A port of the loopback address that nobody listens at now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(what: str, look: Callable[[], Found], seconds: float, pause: float = 0.1) -> Found:
    """What `look` finds as soon as it is true; fails the check when it never is. Errors of the network count as not yet."""
    deadline = time.monotonic() + seconds
    last: object = None
    while True:
        try:
            found = look()
            if found:
                return found
            last = found
        except OSError as error:
            last = error
        if time.monotonic() >= deadline:
            fail(f"waited {seconds} s for {what}; last: {last!r}")
        time.sleep(pause)


class Process:
    """A program that runs beside the check, with its output in a log; it ends with the block."""

    def __init__(self, name: str, *command: str | Path, environment: dict[str, str] | None = None) -> None:
        self.name = name
        self.log = work() / f"{name}.log"
        self._command = [str(word) for word in command]
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Process:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        assert self._process, "not started"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def output(self) -> str:
        """What it has written so far, both ways."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment,
                start_new_session=True)

    def kill(self) -> None:
        """Ends it at once, without a chance to say goodbye."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def stop(self, seconds: float = 10) -> int:
        """Asks it to end, waits, and makes the stubborn; its exit status."""
        if not self._process:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                print(f"{self.name} did not end within {seconds} s of SIGTERM")
                self.kill()
        return self._process.returncode
