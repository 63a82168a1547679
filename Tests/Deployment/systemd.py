#!/usr/bin/env python3
# The units are what systemd takes; by its own activator the gateway gets its sockets, by the template one takes over.
# reads: deployments/systemd/

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from pathlib import Path

from support import BIN_DIR, ROOT, Process, free_port, need, require, wait_for, work

UNITS = ROOT / "deployments/systemd"
PROGRAM = "/usr/local/bin/mcp-gateway"
CONFIGURATION = "/etc/mcp/gateway.conf"
PLACE = "/run/mcp-gateway/handover"


def values(unit: str, key: str) -> list[str]:
    """What the lines of the key say, in their order."""
    return re.findall(rf"^{key}=(.*)$", (UNITS / unit).read_text(), re.MULTILINE)


def verify() -> None:
    """All units, by the program that will read them; with the executable where it is here."""
    folder = work() / "units"
    folder.mkdir()
    for unit in UNITS.iterdir():
        text = unit.read_text()
        require(unit.suffix == ".socket" or PROGRAM in text, f"{unit.name} does not start {PROGRAM}")
        (folder / unit.name).write_text(text.replace(PROGRAM, str(BIN_DIR / "mcp-gateway")))
    # A template is verified as an instance.
    instance = folder / "mcp-gateway@green.service"
    (folder / "mcp-gateway@.service").rename(instance)
    files = sorted(folder.iterdir())
    ended = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *files],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    require(ended.returncode == 0 and not ended.stdout.strip(), f"systemd-analyze verify: {ended.stdout}")


def configuration(listen: int, admin: int) -> Path:
    """A file with these ports, whose backend is nobody."""
    file = work() / f"{listen}.conf"
    file.write_text(f"listen: 127.0.0.1:{listen}\nadmin: 127.0.0.1:{admin}\nworkers: 2\n"
                    f"pools: {{ tools: {{ backends: [\"http://127.0.0.1:{free_port()}/mcp\"] }} }}\n")
    return file


def command(unit: str, file: Path, place: Path) -> list[str]:
    """How the unit starts the gateway, with files of this check."""
    start, = values(unit, "ExecStart")
    paths = {PROGRAM: str(BIN_DIR / "mcp-gateway"), CONFIGURATION: str(file), PLACE: str(place)}
    return [paths.get(word, word) for word in start.split()]


def lives(admin: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{admin}/health", timeout=5) as answer:
        return answer.status == 200


def activate() -> None:
    """The service, on sockets that systemd's activator has bound: one for each line of the socket unit."""
    listen, admin = free_port(), free_port()
    lines = values("mcp-gateway.socket", "ListenStream")
    require(lines == ["127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1:9090"], f"the socket unit listens on {lines}")
    require(values("mcp-gateway.socket", "ReusePort") == ["yes"], "one address twice needs ReusePort")
    service = command("mcp-gateway.service", configuration(listen, admin), work() / "unused")
    with Process("activated", "systemd-socket-activate", "--listen", f"127.0.0.1:{listen}", "--listen",
                 f"127.0.0.1:{admin}", *service) as gateway:
        wait_for("the activated gateway", lambda: lives(admin), 15)
        require("listening on sockets of the service manager" in gateway.output, gateway.output)
        said = [json.loads(line)["address"] for line in gateway.output.splitlines() if '"message":"listening"' in line]
        require(sorted(said) == sorted([f"127.0.0.1:{listen}", f"127.0.0.1:{admin}"]), f"it listens on {said}")
        require(gateway.stop() == 0, gateway.output)


def succeed() -> None:
    """Two instances of the template: the second takes over from the first, which ends well."""
    require(values("mcp-gateway@.service", "RuntimeDirectory") == [str(Path(PLACE).parent.relative_to("/run"))],
            "the place is not in the RuntimeDirectory")
    require(values("mcp-gateway@.service", "RuntimeDirectoryPreserve") == ["yes"],
            "the first instance to end would remove the place of the other")
    admin = free_port()
    start = command("mcp-gateway@.service", configuration(free_port(), admin), work() / "handover")
    require("--handover" in start, "the template does not hand over")
    with Process("blue", *start) as blue:
        wait_for("blue", lambda: lives(admin), 15)
        with Process("green", *start) as green:
            wait_for("the end of blue", lambda: not blue.is_running, 15)
            require(blue.stop() == 0, blue.output)
            require(lives(admin), "nobody answers")
            require(f'"process":"{blue.pid}"' in green.output, green.output)
            require(green.stop() == 0, green.output)


need("systemd-analyze", "systemd")
need("systemd-socket-activate", "systemd")
for unit in UNITS.glob("*.service"):
    reload = values(unit.name, "ExecReload")
    require(reload == [f"{PROGRAM} check {CONFIGURATION}", "/bin/kill -HUP $MAINPID"], f"{unit.name} reloads by {reload}")
verify()
activate()
succeed()
