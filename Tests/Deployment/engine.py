"""A Docker engine of the checks' own, and the images from elsewhere that it needs, made of what this machine can get.

Nothing is pulled from a registry: an image that deployments/ names is made here, under its real name, of Debian packages and
of this machine's Swift. So what is built and run is the project's own file, unedited.

The engine has its own folder, socket and, to run containers, its own network namespace with nothing in it but a loopback
interface: every port is free there, and nothing in it can reach or be reached from outside. The check itself moves in there.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from support import BIN_DIR, ROOT, Process, fail, need, skip, wait_for, work

CACHE = ROOT / ".build-containers"
"""What is kept from one run to the next: images and the builder's cache. Nothing is lost with it but time."""

DEBIAN = "bookworm"
"""The Debian that everything is made of: that of the image which compiles."""

NOT_FOR_BUILDING = ("clangd", "docc", "lldb*", "sourcekit-lsp", "swift-format", "wasmkit", "liblldb.so*", "libLTO.so*",
                    "libsourcekitdInProc.so", "embedded", "FrameworkABIBaseline")
"""Parts of a Swift toolchain that no build of a package needs; leaving them out halves its size."""


class Engine:
    """A Docker engine that ends with the block, with all its containers.

    With `is_isolated` its containers have a network of their own; without it builds can fetch packages as this machine can.
    """

    def __init__(self, is_isolated: bool) -> None:
        self._is_isolated = is_isolated
        self._socket = work() / "docker.sock"
        self._home: int | None = None
        self._lock: IO[str] | None = None
        self._process: Process | None = None
        self.environment = {"DOCKER_HOST": f"unix://{self._socket}", "DOCKER_BUILDKIT": "1", "DOCKER_CONFIG": str(work())}

    def __enter__(self) -> Engine:
        self._lock = _lock()
        (work() / "config.json").write_text("{}")
        daemon = [
            "dockerd", "--host", f"unix://{self._socket}", "--data-root", CACHE / "engine", "--exec-root", work() / "exec",
            "--pidfile", work() / "dockerd.pid", "--containerd-namespace", "mcp-gateway-checks",
            "--containerd-plugins-namespace", "mcp-gateway-checks-plugins",
            "--bridge=none", "--iptables=false", "--ip6tables=false", "--shutdown-timeout", "20",
        ]
        alone = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
        # Whatever becomes of the check, its engine does not outlive it.
        bound = ["setpriv", "--pdeathsig", "TERM"]
        self._process = Process("dockerd", *bound, *(alone if self._is_isolated else []), *daemon,
                                environment={"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"})
        self._process.start()
        wait_for("the Docker engine", lambda: self._has_answered() or not self._process.is_running, seconds=60)
        if not self._process.is_running:
            reason = self._process.output.strip().splitlines()[-1:]
            self.__exit__()
            skip(f"no Docker engine can run on this machine: {' '.join(reason)}")
        if self._is_isolated:
            self._home = os.open("/proc/self/ns/net", os.O_RDONLY)
            _enter_network(f"/proc/{self._process.pid}/ns/net")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process and self._process.is_running:
            containers = self.docker("ps", "--all", "--quiet", quiet=True).split()
            if containers:
                self.docker("rm", "--force", "--volumes", *containers, quiet=True)
            self._process.stop(30)
        self._unmount()
        if self._home is not None:
            _enter_network(f"/proc/self/fd/{self._home}")
            os.close(self._home)
        if self._lock:
            self._lock.close()

    def _unmount(self) -> None:
        """Lets go of what the engine has left mounted in the folder of the check, which could not be removed otherwise."""
        for line in reversed(Path("/proc/self/mountinfo").read_text().splitlines()):
            point = line.split()[4]
            if Path(point).is_relative_to(work()):
                subprocess.run(["umount", "--lazy", point])

    def _has_answered(self) -> bool:
        return subprocess.run([docker(), "version"], env=os.environ | self.environment, capture_output=True).returncode == 0

    def docker(self, *arguments: str | Path, input: str | None = None, quiet: bool = False, may_fail: bool = False) -> str:
        """Runs the client; its output. Fails the check when it fails."""
        if not quiet:
            print("+ docker", *arguments, flush=True)
        ended = subprocess.run(
            [docker(), *map(str, arguments)], env=os.environ | self.environment, cwd=ROOT, input=input, text=True,
            stdout=subprocess.PIPE, stderr=None if not quiet else subprocess.PIPE)
        if ended.returncode != 0 and not may_fail:
            fail(f"docker {' '.join(map(str, arguments))}: status {ended.returncode} {ended.stderr or ''}")
        return ended.stdout

    def log(self, name: str) -> str:
        """The last words of a container, both ways, and how it ended or is."""
        ended = subprocess.run([docker(), "logs", "--tail", "20", name], env=os.environ | self.environment, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        state = self.inspect(name)["State"]
        return f"--- {name}: {state['Status']}, exit status {state['ExitCode']}\n{ended.stdout}"

    def inspect(self, name: str) -> dict:
        """What the engine knows of a container or an image."""
        return json.loads(self.docker("inspect", name, quiet=True))[0]

    def has_image(self, name: str, recipe: str = "") -> bool:
        """Whether there is such an image, made in this way."""
        known = self.docker("image", "inspect", "--format", '{{index .Config.Labels "recipe"}}', name, quiet=True, may_fail=True)
        return known.strip() == recipe and bool(known)


def _enter_network(path: str) -> None:
    """Takes the check, and what it starts from now on, into the network of the containers, or back."""
    system = ctypes.CDLL(None, use_errno=True)
    with open(path) as namespace:
        if system.setns(namespace.fileno(), 0x40000000) != 0:
            fail(f"could not enter {path}: {os.strerror(ctypes.get_errno())}")


def docker() -> str:
    """The client that belongs to the engine, wherever else there may be one."""
    return "/usr/bin/docker" if Path("/usr/bin/docker").exists() else "docker"


def prepare() -> None:
    """Installs what an engine and stand-ins need; ends the check as skipped where there can be none."""
    if os.geteuid() != 0:
        skip("a Docker engine needs root: run scripts/test-deployments as root to have the images built and run")
    need("dockerd", "docker.io")
    need("mmdebstrap", "mmdebstrap")
    need("ip", "iproute2")
    if not Path("/usr/share/keyrings/debian-archive-keyring.gpg").exists():
        need("debian-archive-keyring", "debian-archive-keyring")
    CACHE.mkdir(exist_ok=True)
    # Told to end, it ends the engine first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def _lock() -> IO[str]:
    """One engine at a time: two would spoil each other's folder."""
    lock = (CACHE / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


# --------------------------------------------------------------------------------------------------------------- stand-ins


@dataclass(frozen=True)
class StandIn:
    """An image from elsewhere, made here: what it is made of, and how it starts."""

    name: str
    packages: Sequence[str]
    lines: Sequence[str] = ()
    """Lines of a Dockerfile."""

    folders: dict[Path, str] = field(default_factory=dict)
    """Folders of this machine, and where they are in the image."""

    files: dict[str, str] = field(default_factory=dict)

    @property
    def recipe(self) -> str:
        """Tells whether an image that is there was made in just this way."""
        said = repr((self.packages, self.lines, sorted((str(k), v) for k, v in self.folders.items()), self.files, DEBIAN))
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def ensure(self, engine: Engine) -> None:
        """Makes the image, unless it is there."""
        if engine.has_image(self.name, self.recipe):
            return
        print(f"making a stand-in for {self.name} of {', '.join(self.packages)}", flush=True)
        root = _root(engine, self.packages, self.folders, self.files)
        text = "\n".join([f"FROM {root}", *self.lines, f"LABEL recipe={self.recipe}", ""])
        engine.docker("build", "--quiet", "--network=host", "--tag", self.name, "-", input=text)


def _root(engine: Engine, packages: Sequence[str], folders: dict[Path, str], files: dict[str, str]) -> str:
    """An image that is nothing but a small Debian with these packages, folders and files."""
    said = repr((sorted(packages), sorted((str(k), v) for k, v in folders.items()), files, DEBIAN))
    name = f"root:{hashlib.sha256(said.encode()).hexdigest()[:16]}"
    if engine.has_image(name, "root"):
        return name
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        archive = Path(folder, "root.tar")
        _run("mmdebstrap", "--quiet", "--variant=essential", f"--include={','.join(packages)}", "--mode=root",
             "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
             "--dpkgopt=path-exclude=/usr/share/locale/*", DEBIAN, archive)
        for source, target in folders.items():
            left_out = [f"--exclude={source.name}/usr/*/{part}" for part in NOT_FOR_BUILDING]
            left_out += [f"--exclude={source.name}/usr/lib/*/{part}" for part in NOT_FOR_BUILDING]
            _run("tar", "--append", f"--file={archive}", f"--directory={source.parent}", *left_out,
                 f"--transform=flags=r;s,^{re.escape(source.name)},{target.lstrip('/')},", source.name)
        for path, text in files.items():
            file = Path(folder, "files", path.lstrip("/"))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        if files:
            # Single files, so that no folder of the system gets the mode of ours.
            _run("tar", "--append", f"--file={archive}", f"--directory={folder}/files", *(path.lstrip("/") for path in files))
        engine.docker("import", "--change", "LABEL recipe=root", archive, name)
    return name


def _run(*command: str | Path) -> None:
    ended = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if ended.returncode != 0:
        skip(f"{command[0]} could not make an image: {ended.stdout.strip().splitlines()[-1:]}")


def swift_stand_in(name: str) -> StandIn:
    """The image that compiles: Debian with the toolchain of this machine, and the copies of packages that its git uses."""
    swift = shutil.which("swift") or fail("there is no swift on PATH")
    toolchain = Path(swift).resolve().parents[2]
    folders = {toolchain: "/opt/swift"}
    settings = subprocess.run(["git", "config", "--get-regexp", r"^url\..*\.insteadof$"], capture_output=True, text=True).stdout
    lines: list[str] = []
    for setting in settings.splitlines():
        key, replaced = setting.split(" ", 1)
        target = key.removeprefix("url.").removesuffix(".insteadof").removeprefix("file://")
        if Path(target).is_dir():
            folders[Path(target)] = str(Path(target))
            lines += [f'[url "{target}"]', f"\tinsteadOf = {replaced}"]
    return StandIn(
        name,
        # What the toolchain's programs are linked with, a linker, and the headers of the C and C++ libraries.
        packages=("binutils", "ca-certificates", "gcc", "git", "libc6-dev", "libcurl4", "libncurses6", "libsqlite3-0",
                  "libstdc++-12-dev", "libxml2", "tzdata", "zlib1g-dev"),
        lines=("RUN ln -sf /opt/swift/usr/bin/* /usr/bin/ && swift --version",),
        folders=folders,
        files={"/etc/gitconfig": "\n".join([*lines, ""])} if lines else {},
    )


def base_images(dockerfile: Path) -> dict[str, str]:
    """What a Dockerfile is built upon: the defaults of its arguments that come before the first stage."""
    head = dockerfile.read_text().split("\nFROM ", 1)[0]
    return dict(re.findall(r"^ARG (\w+)=(\S+)$", head, re.MULTILINE))


# ----------------------------------------------------------------------------------------------------------- our own images

TARGETS = ("gateway", "tool-server", "monitor")
LABELS = {"VERSION": "0.1.0", "REVISION": "0123456789abcdef", "CREATED": "2026-01-02T03:04:05Z"}
"""What a release would say, to see that it reaches the images."""


def image_of(target: str) -> str:
    """Its name, which is the one that docker-compose.yml has for it."""
    return f"mcp-{target}:{LABELS['VERSION']}"


def build_images(engine: Engine) -> None:
    """Builds all targets of the Dockerfile; what was built before is taken from the builder's cache.

    With QUICK_IMAGES set, for whoever works on the checks, the executables of BIN_DIR are put where the Dockerfile would have
    compiled them. Everything else is as it is.
    """
    dockerfile = ROOT / "deployments/Dockerfile"
    swift_stand_in(base_images(dockerfile)["SWIFT_IMAGE"]).ensure(engine)
    context = ROOT
    if os.environ.get("QUICK_IMAGES"):
        print("QUICK_IMAGES: nothing is compiled; the executables are those of", BIN_DIR, flush=True)
        context = work() / "context"
        dockerfile = _without_compilation(dockerfile, context)
    arguments = [word for name, value in LABELS.items() for word in ("--build-arg", f"{name}={value}")]
    for target in TARGETS:
        began = time.monotonic()
        engine.docker("build", "--network=host", "--progress=plain", *arguments, "--file", dockerfile, "--target", target,
                      "--tag", image_of(target), context)
        print(f"figure: built {target} in {time.monotonic() - began:.0f} s", flush=True)


def _without_compilation(dockerfile: Path, context: Path) -> Path:
    """A folder with finished executables, and a Dockerfile that takes them instead of compiling."""
    (context / "out").mkdir(parents=True, exist_ok=True)
    for target in TARGETS:
        subprocess.run(["install", "-s", BIN_DIR / f"mcp-{target}", context / "out"], check=True)
    text = dockerfile.read_text()
    begin, end = text.index("\nCOPY Package.*"), text.index("\n# The root folder of the images.")
    changed = context / "Dockerfile"
    changed.write_text(f"{text[:begin]}\nCOPY out /out\n{text[end:]}")
    return changed
