#!/usr/bin/env python3
# The images are built and run as they should be: small, without a shell, not root, read-only, bounded; they stop well.
# reads: deployments/Dockerfile .dockerignore

from __future__ import annotations

import http.client
import io
import os
import re
import signal
import subprocess
import tarfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from client import call
from engine import LABELS, TARGETS, Engine, build_images, docker, image_of, prepare
from support import BIN_DIR, require, wait_for, work

LARGEST = {"gateway": 60_000_000, "tool-server": 60_000_000, "monitor": 60_000_000}
"""Bytes of an image, not compressed."""

SOONEST = 0.2
"""Seconds from start to ready that are aimed at. A busy machine may take ten times as long; it is then not this check that fails."""

AS_DEPLOYED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=host", "--memory=96m",
               "--memory-swap=96m", "--cpus=1", "--pids-limit=64", "--ulimit=nofile=4096:4096")
"""As docker-compose.yml runs them, with less memory."""

CONFIGURATION = """
listen: 0.0.0.0:8080
admin: 0.0.0.0:9090
pools:
  tools:
    backends: [ http://127.0.0.1:9000/mcp ]
"""


def is_up(url: str) -> bool:
    with urllib.request.urlopen(url, timeout=2) as response:
        return response.status == 200


@contextmanager
def container(engine: Engine, target: str, *arguments: str, options: tuple[str, ...] = ()) -> Iterator[str]:
    """A container as it would be deployed; what it has logged is printed at its end."""
    name = f"check-{target}"
    engine.docker("run", "--detach", "--name", name, *AS_DEPLOYED, "--health-interval=1s", "--health-retries=2",
                  "--health-timeout=1s", *options, image_of(target), *arguments)
    try:
        yield name
    finally:
        print(engine.log(name), flush=True)
        engine.docker("rm", "--force", name, quiet=True)


@contextmanager
def tool_server(engine: Engine, *arguments: str) -> Iterator[str]:
    with container(engine, "tool-server", "--listen", "0.0.0.0:9000", "--rate-limit", "0", *arguments) as name:
        wait_for("the tool server", lambda: is_up("http://127.0.0.1:9000/health"), 20)
        yield name


@contextmanager
def gateway(engine: Engine) -> Iterator[str]:
    file = work() / "gateway.conf"
    file.write_text(CONFIGURATION)
    file.chmod(0o644)
    with container(engine, "gateway", options=("--volume", f"{file}:/etc/mcp/gateway.conf:ro")) as name:
        wait_for("the gateway", lambda: is_up("http://127.0.0.1:9090/ready"), 20)
        yield name


# ------------------------------------------------------------------------------------------------------------ what they are


def check_size(engine: Engine, target: str) -> None:
    size = engine.inspect(image_of(target))["Size"]
    saved = subprocess.run(["sh", "-c", f"{docker()} save {image_of(target)} | gzip -6 | wc -c"], capture_output=True, text=True,
                           env=os.environ | engine.environment, check=True)
    print(f"figure: image {target}: {size / 1e6:.1f} MB, compressed {int(saved.stdout) / 1e6:.1f} MB", flush=True)
    require(size <= LARGEST[target], f"the image {target} has {size / 1e6:.1f} MB, more than {LARGEST[target] / 1e6:.0f}")


def check_contents(engine: Engine, target: str) -> None:
    """The executable, the libraries it is linked with, and a handful of files: each is known by name."""
    engine.docker("create", "--name", "check-contents", image_of(target), quiet=True)
    archive = subprocess.run([docker(), "export", "check-contents"], env=os.environ | engine.environment,
                             capture_output=True, check=True)
    engine.docker("rm", "check-contents", quiet=True)
    made_by_engine = r"\.dockerenv|(dev|proc|sys)/.*|etc/(hosts|hostname|resolv\.conf|mtab)"
    expected = (rf"usr/local/bin/mcp-{target}|(usr/)?lib(64)?/([\w-]+/)?(ld-linux[\w.-]*|lib(c|m|gcc_s|stdc\+\+))\.so(\.\d+)*"
                r"|etc/(passwd|group|nsswitch\.conf|os-release|ssl/certs/ca-certificates\.crt)|var/lib/dpkg/status\.d/[\w.+-]+")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        members = [member for member in files if not member.isdir() and not re.fullmatch(made_by_engine, member.name)]
    for member in members:
        require(re.fullmatch(expected, member.name), f"the image {target} has {member.name}")
        require(not member.mode & 0o6022, f"{member.name} of {target} has mode {member.mode:o}")
        require(member.uid == 0, f"{member.name} of {target} belongs to {member.uid}")
    require(f"usr/local/bin/mcp-{target}" in {member.name for member in members}, f"the image {target} has no executable")


def check_description(engine: Engine, target: str) -> None:
    settings = engine.inspect(image_of(target))["Config"]
    require(settings["User"] == "1000:1000", f"{target} runs as {settings['User']}")
    require(settings["StopSignal"] == "SIGTERM", f"{target} is stopped by {settings['StopSignal']}")
    labels = settings["Labels"]
    for name, value in LABELS.items():
        said = labels.get(f"org.opencontainers.image.{name.lower()}")
        require(said == value, f"the label {name.lower()} of {target} is {said}")
    require(labels.get("org.opencontainers.image.title") == f"mcp-{target}", f"{target} has another title")


# ------------------------------------------------------------------------------------------------------------- how they run


def check_confinement(engine: Engine, name: str) -> None:
    """What the kernel says of the process; it is the first in its container."""
    state = engine.inspect(name)
    status = Path(f"/proc/{state['State']['Pid']}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    require(fields["Uid"].split() == ["1000"] * 4, f"{name} runs as {fields['Uid']}")
    require(fields["Gid"].split() == ["1000"] * 4, f"{name} runs as group {fields['Gid']}")
    require(int(fields["CapEff"], 16) == 0 and int(fields["CapBnd"], 16) == 0, f"{name} has capabilities {fields['CapEff']}")
    require(fields["NoNewPrivs"].strip() == "1", f"{name} can gain privileges")
    require(memory_limit(state["State"]["Pid"]) == 96 << 20, f"{name} may have more memory than it was given")
    require(fields["NSpid"].split()[-1] == "1", f"{name} is not process 1 of its container")
    # The engine itself puts a file where the configuration is mounted.
    written = re.sub(r"^(C /etc(/mcp)?|A /etc/mcp/gateway\.conf)\n", "", engine.docker("diff", name, quiet=True), flags=re.MULTILINE)
    require(not written, f"{name} has written to its root: {written}")


def memory_limit(process: int) -> int:
    """The bytes that the kernel lets it have, by either version of control groups."""
    for line in Path(f"/proc/{process}/cgroup").read_text().splitlines():
        _, controllers, group = line.split(":", 2)
        for file in (f"/sys/fs/cgroup/memory{group}/memory.limit_in_bytes", f"/sys/fs/cgroup{group}/memory.max"):
            if (controllers == "memory" or not controllers) and Path(file).exists():
                return int(Path(file).read_text().replace("max", "0"))
    return 0


def wait_for_health(engine: Engine, name: str, health: str) -> None:
    def look() -> bool:
        return engine.inspect(name)["State"]["Health"]["Status"] == health

    require("Health" in engine.inspect(name)["State"], f"nobody asks for the health of {name}")
    wait_for(f"{name} to be {health}", look, 30)


def check_health(engine: Engine, name: str) -> None:
    """A process that does nothing any more is found out, and so is one that goes on."""
    process = engine.inspect(name)["State"]["Pid"]
    wait_for_health(engine, name, "healthy")
    os.kill(process, signal.SIGSTOP)
    wait_for_health(engine, name, "unhealthy")
    os.kill(process, signal.SIGCONT)
    wait_for_health(engine, name, "healthy")


def check_end(engine: Engine, name: str, port: int) -> None:
    """SIGTERM as process 1, with a call in flight: the call is answered, then the process ends well and soon."""
    outcome: list[str] = []

    def caller() -> None:
        try:
            call(port, 7)
            outcome.append("answered")
        except (OSError, ValueError, http.client.HTTPException) as error:
            outcome.append(repr(error))

    thread = threading.Thread(target=caller)
    thread.start()
    time.sleep(0.7)
    require(not outcome, f"the call was over before {name} was told to end: {outcome}")
    began = time.monotonic()
    engine.docker("stop", "--time", "25", name, quiet=True)
    took = time.monotonic() - began
    thread.join(25)
    require(outcome == ["answered"], f"the call in flight at the end of {name} got {outcome}")
    state = engine.inspect(name)["State"]
    require(state["ExitCode"] == 0, f"{name} ended with {state['ExitCode']}")
    require(took < 10, f"{name} took {took:.1f} s to end")
    print(f"figure: {name} ended {took:.1f} s after SIGTERM, with a call in flight that took 2 s", flush=True)


def check_start(engine: Engine) -> None:
    """How soon a gateway is ready for calls, from when its process was made, so with what the engine does before it is executed."""
    def started(name: str) -> float:
        state = engine.inspect(name)["State"]
        ticks = int(Path(f"/proc/{state['Pid']}/stat").read_text().rsplit(")", 1)[1].split()[19])
        return time.time() - (time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / 100)

    figures = []
    for _ in range(5):
        with gateway(engine) as name:
            lines = engine.docker("logs", "--timestamps", name, quiet=True).splitlines()
            ready = next(line for line in lines if '"listener":"mcp"' in line).split(" ", 1)[0]
            whole, fraction = ready.rstrip("Z").split(".")
            at = time.mktime(time.strptime(whole + "UTC", "%Y-%m-%dT%H:%M:%S%Z")) - time.timezone + float(f"0.{fraction}")
            figures.append(at - started(name))
    median = sorted(figures)[2]
    print(f"figure: the gateway listens {median * 1000:.0f} ms after its process began (five: "
          f"{', '.join(f'{figure * 1000:.0f}' for figure in figures)})", flush=True)
    require(median < SOONEST * 10, f"the gateway took {median:.2f} s to be ready")


def check_load(engine: Engine, name: str) -> None:
    """Within its memory it stays up under load."""
    ended = subprocess.run([BIN_DIR / "mcp-load", "http://127.0.0.1:8080/mcp", "--connections", "64", "--duration", "3s"],
                           capture_output=True, text=True)
    require(ended.returncode == 0, f"mcp-load: {ended.stdout}{ended.stderr}")
    state = engine.inspect(name)["State"]
    require(state["Running"] and not state["OOMKilled"], f"{name} did not stay up under load")


def main() -> None:
    prepare()
    with Engine(is_isolated=False) as engine:
        build_images(engine)
    with Engine(is_isolated=True) as engine:
        for target in TARGETS:
            check_description(engine, target)
            check_contents(engine, target)
        with tool_server(engine) as tools:
            check_confinement(engine, tools)
            check_start(engine)
            with gateway(engine) as front:
                check_confinement(engine, front)
                call(8080, 1)
                check_load(engine, front)
                check_health(engine, front)
            check_health(engine, tools)
        with tool_server(engine, "--delay", "2s") as tools:
            with gateway(engine) as front:
                check_end(engine, front, 8080)
            check_end(engine, tools, 9000)
        for target in TARGETS:
            check_size(engine, target)
    print("the images are as they should be")


main()
