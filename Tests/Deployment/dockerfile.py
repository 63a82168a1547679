#!/usr/bin/env python3
# The Dockerfile is clean and has the shape it promises: pinned, not root, no shell, health asked for by the executable.
# reads: deployments/Dockerfile .dockerignore scripts/build

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass, field

from support import BIN_DIR, ROOT, require, tools

PROGRAMS = tools("containers")
DOCKERFILE = ROOT / "deployments/Dockerfile"
PORTS = {"gateway": {"8080", "9090"}, "tool-server": {"9000"}, "monitor": {"9092"}}
"""The targets, and what each serves."""


@dataclass
class Stage:
    name: str
    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)


def stages(text: str) -> tuple[list[tuple[str, str]], dict[str, Stage]]:
    """What stands before the first stage, and the stages by name."""
    head: list[tuple[str, str]] = []
    found: dict[str, Stage] = {}
    current = head
    joined = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    for line in filter(str.strip, joined.splitlines()):
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found[name] = Stage(name, base)
            current = found[name].instructions
        else:
            current.append((word, " ".join(rest.split())))
    return head, found


def lineage(all_stages: dict[str, Stage], name: str) -> list[tuple[str, str]]:
    """The instructions of a stage after those of the stages that it is built upon, down to an empty image."""
    stage = all_stages[name]
    if stage.base == "scratch":
        return stage.instructions
    require(stage.base in all_stages, f"{name} is built upon {stage.base}, which has more in it than is needed")
    return lineage(all_stages, stage.base) + stage.instructions


def last(instructions: list[tuple[str, str]], word: str) -> str:
    values = [rest for found, rest in instructions if found == word]
    require(values, f"there is no {word}")
    return values[-1]


def check_target(all_stages: dict[str, Stage], name: str) -> None:
    instructions = lineage(all_stages, name)
    program = f"/usr/local/bin/mcp-{name}"
    require(last(instructions, "USER") == "1000:1000", f"{name} does not run as user 1000, by number")
    require(last(instructions, "STOPSIGNAL") == "SIGTERM", f"{name} is not stopped by SIGTERM")
    require(not [1 for word, _ in instructions if word in ("RUN", "SHELL", "ADD")], f"{name} needs a shell to be built")
    for word in ("ENTRYPOINT", "CMD"):
        value = last(instructions, word)
        require(value.startswith("["), f"{word} of {name} needs a shell: {value}")
        require(isinstance(json.loads(value), list), f"{word} of {name} is no list")
    require(json.loads(last(instructions, "ENTRYPOINT")) == [program], f"{name} does not start {program}")
    health = re.search(r"CMD (\[.*\])", last(instructions, "HEALTHCHECK"))
    require(health, f"HEALTHCHECK of {name} needs a shell")
    require(json.loads(health[1])[:2] == [program, "--healthcheck"], f"{name} is not asked for its health by itself")
    require(set(last(instructions, "EXPOSE").split()) == PORTS[name], f"{name} exposes other ports than it serves")
    require(("COPY", f"--from=build /out/mcp-{name} /usr/local/bin/") in instructions, f"{name} lacks its executable")
    labels = " ".join(rest for word, rest in instructions if word == "LABEL")
    for label in ("title", "description", "version", "revision", "created", "licenses"):
        require(f"org.opencontainers.image.{label}=" in labels, f"{name} has no label {label}")


def check_pins(head: list[tuple[str, str]], all_stages: dict[str, Stage]) -> None:
    """Every image from elsewhere has a full version; nothing is there that only newer builders understand."""
    defaults = dict(rest.split("=", 1) for word, rest in head if word == "ARG")
    for stage in all_stages.values():
        argument = re.fullmatch(r"\$\{(\w+)\}", stage.base)
        base = defaults[argument[1]] if argument else stage.base
        if base != "scratch" and base not in all_stages:
            require(re.search(r":\d+\.\d+\.\d+", base), f"{base} is not pinned to a version")
    text = DOCKERFILE.read_text()
    for word, why in (("# syntax=", "asks a registry"), ("<<", "is a here-document"), ("--link", "is too new")):
        require(word not in text, f"{word} {why}: builders of Docker 20.10 refuse it")


def check_flags(build: Stage) -> None:
    """The executables are compiled as scripts/build does, which is what tests and measurements are about."""
    script = (ROOT / "scripts/build").read_text()
    commands = " ".join(rest for word, rest in build.instructions if word == "RUN")
    for flags in re.findall(r"\bFLAGS\+?=\((-[^)$]*)\)", script.split("while ((", 1)[0]):
        require(flags in commands, f"the image is compiled without {flags}, which scripts/build has")
    exclusivity = re.search(r"^EXCLUSIVITY=(\w+)", script, re.MULTILINE)
    require(exclusivity, "scripts/build does not say EXCLUSIVITY= any more")
    require(f"-enforce-exclusivity={exclusivity[1]}" in commands, "the image is compiled with other checks than scripts/build")


def check_order(build: Stage) -> None:
    """What changes often comes late, or everything would be fetched anew after each change."""
    steps = [f"{word} {rest}" for word, rest in build.instructions]
    resolve = next((i for i, step in enumerate(steps) if "swift package resolve" in step), None)
    sources = next((i for i, step in enumerate(steps) if step.startswith("COPY") and "Sources" in step), None)
    require(resolve is not None and sources is not None and resolve < sources, "dependencies are fetched after the sources")
    require(not [step for step in steps if re.match(r"COPY (--\S+ )*\. ", step)], "the whole folder is copied")


def check_context(build: Stage) -> None:
    """The builder sees what is copied, and nothing else."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    require(rules[0] == "*", ".dockerignore lets in what it does not name")
    let_in = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    for word, rest in build.instructions:
        if word == "COPY" and "--from" not in rest:
            for source in rest.split()[:-1]:
                names = ["Package.swift"] if source == "Package.*" else [source]
                for name in names:
                    require(name in let_in, f".dockerignore leaves out {name}, which the Dockerfile copies")
                    require((ROOT / name).exists(), f"the Dockerfile copies {name}, which is not there")
    for name in let_in - {"Package.resolved"}:
        require((ROOT / name).exists(), f".dockerignore lets in {name}, which is not there")


def check_version(runtime: Stage) -> None:
    version = subprocess.run([BIN_DIR / "mcp-gateway", "version"], capture_output=True, text=True, check=True).stdout
    said = next(rest.split("=", 1)[1] for word, rest in runtime.instructions if word == "ARG" and rest.startswith("VERSION="))
    require(said in version.split(), f"the image says version {said}, the gateway {version.strip()}")


def main() -> None:
    head, all_stages = stages(DOCKERFILE.read_text())
    require(set(PORTS) <= set(all_stages), f"there are targets {sorted(all_stages)}, not all of {sorted(PORTS)}")
    for name in PORTS:
        check_target(all_stages, name)
    require(list(all_stages)[-1] == "gateway", "a build without --target does not make the gateway")
    check_pins(head, all_stages)
    build = all_stages["build"]
    check_flags(build)
    check_order(build)
    check_context(build)
    check_version(all_stages["runtime"])
    linted = subprocess.run([PROGRAMS / "hadolint", DOCKERFILE])
    require(linted.returncode == 0, "hadolint complains; see above")
    print("the Dockerfile is as it should be")


main()
