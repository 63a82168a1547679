#!/usr/bin/env python3
# Dockerfile.lambda, built by the makefile into zip and image, unedited; the image answers events as on Lambda.
# reads: deployments/Dockerfile.lambda deployments/Dockerfile.lambda.dockerignore deployments/Makefile deployments/lambda/

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import urllib.request
import zipfile
from pathlib import Path

import support
from support import ROOT, require

PROGRAMS = support.tools("sam")

import samcli  # noqa: E402
from engine import Engine, StandIn, docker, prepare  # noqa: E402

BUILDER = "swift:6.3.1-amazonlinux2023"
BASE = "public.ecr.aws/lambda/provided:al2023"
IMAGE = "mcp-tool-server-lambda:latest"
ARCHITECTURE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
LARGEST = 45_000_000
"""Bytes that the image may have more than its base."""

COMPILER = """#!/bin/bash
# Compiles nothing: gives the executable that is there, to who asks for it as scripts/build does, with all of the package.
set -euo pipefail
[[ $1 == build ]] || exit 0
[[ $* == "build --configuration release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked --product mcp-tool-server" ]]
ls Package.swift Sources/mcp-tool-server Sources/MCPServer Tests/IntegrationTests Benchmarks/redis/cost >/dev/null
[[ ! -e Tests/Deployment ]]
install -D /opt/mcp-tool-server .build/release/mcp-tool-server
"""

ENTRY_POINT = """#!/bin/bash
# As in AWS's base: the emulator in front, unless this is Lambda.
if [[ -n ${AWS_LAMBDA_RUNTIME_API:-} ]]; then exec /var/runtime/bootstrap; fi
exec /usr/local/bin/aws-lambda-rie --log-level warn /var/runtime/bootstrap
"""

EVENT = {"version": "2.0", "rawPath": "/health", "requestContext": {"http": {"method": "GET", "path": "/health"}}}


def make_images_from_elsewhere(engine: Engine) -> None:
    """Builder and base under their names. What changes from run to run lies in a layer of its own."""
    emulator = Path(samcli.__file__).parent / f"local/rapid/aws-lambda-rie-{ARCHITECTURE}"
    for name, packages, files, lines in (
        (BUILDER, ("bash", "binutils", "libstdc++6"), {"swift": COMPILER, "server": support.BIN_DIR / "mcp-tool-server"}, (
            "COPY swift /usr/bin/swift", "COPY server /opt/mcp-tool-server",
            # It is this machine's glibc that the executable needs, and that is in the base below.
            f"ENV NEWEST_GLIBC={platform.libc_ver()[1]}")),
        (BASE, ("bash", "ca-certificates", "curl"), {"entry": ENTRY_POINT, "emulator": emulator}, (
            "COPY emulator /usr/local/bin/aws-lambda-rie", "COPY entry /lambda-entrypoint.sh", "WORKDIR /var/task",
            'ENTRYPOINT ["/lambda-entrypoint.sh"]')),
    ):
        root = f"{name.replace(':', '-')}:root"
        StandIn(root, packages=packages).ensure(engine)
        folder = support.work() / name.replace("/", "-")
        folder.mkdir()
        for file, content in files.items():
            if isinstance(content, Path):
                shutil.copy(content, folder / file)
            else:
                (folder / file).write_text(content)
            (folder / file).chmod(0o755)
        (folder / "Dockerfile").write_text("\n".join((f"FROM {root}", *lines, "")))
        engine.docker("build", "--quiet", "--network=host", "--tag", name, folder)


def make(engine: Engine, *words: str) -> str:
    """A target of the makefile, as people call it."""
    flags = "--network=host --quiet" if "lambda-image" in words else "--network=host"
    ended = subprocess.run(
        ["make", "--no-print-directory", "-C", ROOT / "deployments", f"CONTAINER={docker()}", f"ARCHITECTURE={ARCHITECTURE}",
         f"BUILD_FLAGS={flags}", *words], env=os.environ | engine.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    require(ended.returncode == 0, f"make {' '.join(words)}: {ended.stdout}")
    return ended.stdout


def check_zip(engine: Engine) -> None:
    """The zip has the files of the stage `function`."""
    make(engine, "lambda-zip", f"OUT={support.work() / 'out'}")
    with zipfile.ZipFile(support.work() / f"out/mcp-tool-server-{ARCHITECTURE}.zip") as file:
        modes = {each.filename: each.external_attr >> 16 & 0o777 for each in file.infolist()}
    require({"bootstrap", "mcp-tool-server", "libstdc++.so.6", "libgcc_s.so.1"} == set(modes), f"the zip has {modes}")
    require(set(modes.values()) == {0o755}, f"not all of it can be executed: {modes}")


def check_image(engine: Engine) -> None:
    """The image runs as Lambda runs it: a user of no account, nothing to write to but /tmp."""
    make(engine, "lambda-image")
    added = engine.inspect(IMAGE)["Size"] - engine.inspect(BASE)["Size"]
    require(added <= LARGEST, f"the image has {added} bytes more than its base")
    print(f"{added} bytes more than the base")
    engine.docker(
        "run", "--detach", "--name", "function", "--network=host", "--read-only", "--tmpfs=/tmp", "--user=993:990",
        "--cap-drop=ALL", "--memory=128m", "--env=LAMBDA_RESPONSE_STREAMING=true", "--env=ENVIRONMENT=image", IMAGE)
    head, _, body = support.wait_for("an answer of the image", invoke, 20).partition(bytes(8))
    require(json.loads(head)["statusCode"] == 200, f"/health: {head!r}")
    require(json.loads(body)["environment"] == "image", f"/health: {body!r}")


def invoke() -> bytes:
    url = "http://127.0.0.1:8080/2015-03-31/functions/function/invocations"
    with urllib.request.urlopen(url, json.dumps(EVENT).encode(), timeout=10) as answer:
        return answer.read()


def main() -> None:
    prepare()
    for command in ("make", "zip"):
        support.need(command, command)
    with Engine(is_isolated=False) as engine:
        make_images_from_elsewhere(engine)
        check_zip(engine)
    with Engine(is_isolated=True) as engine:
        check_image(engine)


if __name__ == "__main__":
    main()
