#!/usr/bin/env python3
# cloudbuild.yaml is what Cloud Build takes, and every script, stage, flag and name in it is there.
# reads: deployments/cloudbuild.yaml
#
# gcloud's own loader reads the file where gcloud is installed. Everything else is checked on any machine: fields, substitutions,
# the order of steps, shellcheck for the scripts inside, and that names agree with the Dockerfile and the Terraform modules.

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from support import ROOT, need, require, tools, work

tools("cloudbuild")
import yaml  # noqa: E402 # out of the environment that the line before leads to

FILE = ROOT / "deployments/cloudbuild.yaml"

# What Cloud Build documents, as far as a file may say it: https://cloud.google.com/build/docs/build-config-file-schema
TOP = {
    "steps", "timeout", "queueTtl", "logsBucket", "options", "substitutions", "tags", "serviceAccount", "secrets",
    "availableSecrets", "artifacts", "images",
}  # fmt: skip
STEP = {
    "name", "args", "env", "allowFailure", "allowExitCodes", "dir", "id", "waitFor", "entrypoint", "secretEnv", "volumes",
    "timeout", "script", "automapSubstitutions",
}  # fmt: skip
OPTIONS = {
    "sourceProvenanceHash", "machineType", "diskSizeGb", "substitutionOption", "dynamicSubstitutions",
    "automapSubstitutions", "logStreamingOption", "logging", "defaultLogsBucketBehavior", "env", "secretEnv", "volumes",
    "pool", "requestedVerifyOption",
}  # fmt: skip
# What Cloud Build itself fills in for every build, and only for those of triggers (empty else).
GIVEN = {"PROJECT_ID", "BUILD_ID", "PROJECT_NUMBER", "LOCATION"}
OF_TRIGGERS = {"COMMIT_SHA", "SHORT_SHA", "REVISION_ID", "REPO_NAME", "BRANCH_NAME", "TAG_NAME"}


def texts(value: Any) -> list[str]:
    """Every text in which substitutions are made: not scripts, which get theirs by the environment."""
    if isinstance(value, dict):
        return [text for key, inner in value.items() if key != "script" for text in texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in texts(inner)]
    return [value] if isinstance(value, str) else []


def substitutions_in(text: str) -> set[str]:
    return {braced or bare for braced, bare in re.findall(r"(?<!\$)\$(?:\{(\w+)[^}]*\}|(\w+))", text)}


def seconds(duration: str) -> int:
    require(isinstance(duration, str) and re.fullmatch(r"\d+s", duration), f"{duration!r} is no duration such as 900s")
    return int(duration[:-1])


def require_fields(build: dict[str, Any]) -> None:
    """Nothing but what is documented, of the documented kind."""
    require(set(build) <= TOP, f"unknown fields: {set(build) - TOP}")
    require(set(build["options"]) <= OPTIONS, f"unknown options: {set(build['options']) - OPTIONS}")
    for step in build["steps"]:
        require(set(step) <= STEP, f"step {step.get('id')}: unknown fields {set(step) - STEP}")
        require("script" not in step or not {"args", "entrypoint"} & set(step), f"step {step['id']}: a script takes no args")
        require(seconds(step["timeout"]) <= seconds(build["timeout"]), f"step {step['id']} may take longer than the build")
    for key, value in build["substitutions"].items():
        require(re.fullmatch(r"_[A-Z0-9_]{1,99}", key), f"{key} is no name for a substitution")
        require(isinstance(value, str), f"{key}: the default must be a text, put it in quotes")
    require(build["options"]["logging"] == "CLOUD_LOGGING_ONLY", "a build with an account of its own must say where it logs")
    require("-build@" in build["serviceAccount"], "the build runs as the project's default account")


def require_substitutions(build: dict[str, Any]) -> None:
    """Each that is used has a value, and each that has one is used."""
    used = {name for text in texts({**build, "substitutions": {}}) for name in substitutions_in(text)}
    defined = set(build["substitutions"])
    require(used - GIVEN - OF_TRIGGERS <= defined, f"without a value: {used - GIVEN - OF_TRIGGERS - defined}")
    require(defined <= used, f"for nothing: {defined - used}")


def require_order(steps: list[dict[str, Any]]) -> None:
    """Each step waits for steps before it; nothing is pushed untested, and no traffic moves unprobed."""
    before: dict[str, set[str]] = {}
    for step in steps:
        waits = [name for name in step.get("waitFor", list(before)) if name != "-"]
        require(set(waits) <= set(before), f"step {step['id']} waits for what does not come before it")
        before[step["id"]] = set(waits).union(*(before[name] for name in waits))
    require({"build", "test"} <= before["push"], "images are pushed before they are tested")
    require({"push", "test"} <= before["deploy without traffic"], "images are deployed before they are tested and pushed")
    require("probe" in before["shift traffic"], "traffic is moved before the revisions are probed")


def require_scripts(build: dict[str, Any]) -> None:
    """Scripts are sound, use variables that they are given, and call what there is by flags that it has."""
    given = {entry.partition("=")[0] for entry in build["options"]["env"]}
    need("shellcheck", "shellcheck")
    called = set()
    for step in build["steps"]:
        script = step["script"]
        file = work() / f"{step['id'].replace(' ', '-')}.sh"
        variables = "\n".join(f"export {name}=''" for name in sorted(given))
        file.write_text(script.replace("set -euo pipefail\n", f"set -euo pipefail\n{variables}\n", 1))
        checked = subprocess.run(["shellcheck", file], capture_output=True, text=True)
        require(checked.returncode == 0, f"step {step['id']}:\n{checked.stdout}")
        local = set(re.findall(r"^\s*(?:(\w+)=|for (\w+) in)", script, re.M))
        names = set(re.findall(r"\$\{?([A-Za-z_]\w*)", script)) - {name for pair in local for name in pair}
        require(names <= given, f"step {step['id']} uses what it is not given: {names - given}")
        for command, flags in re.findall(r"(?:^|\s)(deployments/cloudrun/[\w-]+)((?:[^\n]*\\\n)*[^\n]*)", script):
            called.add(command)
            require((ROOT / command).stat().st_mode & 0o111, f"{command} cannot be run")
            help_text = subprocess.run([ROOT / command, "--help"], capture_output=True, text=True).stdout
            if "see probe --help" in help_text:
                help_text += subprocess.run([ROOT / "deployments/cloudrun/probe", "--help"], capture_output=True, text=True).stdout
            for flag in re.findall(r"--[a-z-]+", flags):
                require(re.search(rf"{flag}\b", help_text), f"{command} has no flag {flag}")
    require(called == {f"deployments/cloudrun/{name}" for name in ("deploy-candidate", "probe", "promote")}, f"called: {called}")
    program = build["substitutions"]["_TESTS"].split()[0]
    require((ROOT / program).exists(), f"{program}, which tests, is not there")


def require_agreement(build: dict[str, Any]) -> None:
    """The names are those of the Dockerfile and of the Terraform modules."""
    dockerfile = (ROOT / "deployments/Dockerfile").read_text()
    stages = set(re.findall(r"^FROM .* AS (\S+)", dockerfile, re.M | re.I))
    script = build["steps"][0]["script"]
    wanted = {"build", *re.search(r"for target in (.*); do", script)[1].split()}
    require(wanted <= stages, f"the Dockerfile lacks {wanted - stages}")
    require("ARG REVISION" in dockerfile, "the Dockerfile knows no REVISION")
    modules = "".join(file.read_text() for file in (ROOT / "deployments/terraform").rglob("*.tf"))
    for name in ('"${var.name}-build"', '"${var.name}-cache"', '"${var.name}-gateway"', '"${var.name}-tool-server"'):
        require(name in modules, f"Terraform makes no {name}")
    for name in ("gateway", "tool-server"):
        require(re.search(rf'name\s+= "{name}"', modules), f"Terraform has no container {name}")
    require('"tools-${' in modules, "Terraform has no containers tools-*")
    require('repository}/tool-server:' in modules, "Terraform names images differently")


def environment(build: dict[str, Any], **substitutions: str) -> dict[str, str]:
    """What scripts are given, with substitutions made as Cloud Build makes them."""
    values = {**build["substitutions"], "PROJECT_ID": "my-project", "BUILD_ID": "0123456789abcdef", "COMMIT_SHA": "", **substitutions}
    made = (re.sub(r"\$\{?(\w+)\}?", lambda match: values[match[1]], entry) for entry in build["options"]["env"])
    return dict(entry.partition("=")[::2] for entry in made)


def calls_of(build: dict[str, Any], **substitutions: str) -> dict[str, list[str]]:
    """What each step calls, with programs in the place of docker and of the scripts that only note it."""
    folder = work() / "replay"
    journal = folder / "journal"
    noting = f'#!/bin/sh\necho "${{0##*/}} $*" >>{journal}\n'
    for program in ("bin/docker", *(f"deployments/cloudrun/{name}" for name in ("deploy-candidate", "probe", "promote"))):
        (folder / program).parent.mkdir(parents=True, exist_ok=True)
        (folder / program).write_text(noting)
        (folder / program).chmod(0o755)
    calls = {}
    for step in build["steps"]:
        if step["id"] == "test":
            continue
        journal.write_text("")
        ended = subprocess.run(
            ["bash", "-c", step["script"]], cwd=folder, capture_output=True, text=True,
            env={**environment(build, **substitutions), "PATH": f"{folder}/bin:/usr/bin:/bin"})  # fmt: skip
        require(ended.returncode == 0, f"step {step['id']}: {ended.stderr}")
        calls[step["id"]] = journal.read_text().splitlines()
    return calls


def require_calls(build: dict[str, Any]) -> None:
    """What is pushed is what was built, what is deployed what was pushed; without _DEPLOY nothing is touched."""
    calls = calls_of(build)
    tagged = [re.search(r"--tag (\S+)", call)[1] for call in calls["build"]]
    pushed = [call.split()[-1] for call in calls["push"]]
    require(sorted(tagged) == sorted(pushed) and len(tagged) == 4, f"built: {tagged}; pushed: {pushed}")
    images = "europe-west1-docker.pkg.dev/my-project/mcp"
    build_id = "0123456789abcdef"
    candidate = "--region europe-west1 --tag c-01234567"
    deploy = "deploy-candidate --region europe-west1 --service"
    probing = (
        f"--account mcp-build@my-project.iam.gserviceaccount.com --monitor-image {images}/monitor:{build_id} mcp-tool-server mcp-gateway"
    )
    require(calls["deploy without traffic"] == [
        f"{deploy} mcp-tool-server --tag c-01234567 tool-server={images}/tool-server:{build_id}",
        f"{deploy} mcp-gateway --tag c-01234567 gateway={images}/gateway:{build_id} tools-*={images}/tool-server:{build_id}",
    ], f"deployed: {calls['deploy without traffic']}")  # fmt: skip
    require({f"{images}/{name}:{build_id}" for name in ("gateway", "tool-server", "monitor")} < set(pushed), f"pushed: {pushed}")
    require(calls["probe"] == [f"probe {candidate} {probing}"], f"probed: {calls['probe']}")
    require(
        calls["shift traffic"] == [f"promote {candidate} --steps 10,50,100 --pause 60 {probing}"],
        f"promoted: {calls['shift traffic']}")  # fmt: skip
    untouched = calls_of(build, _DEPLOY="false")
    require(untouched["push"] and not any(untouched[step] for step in ("deploy without traffic", "probe", "shift traffic")),
            f"with _DEPLOY=false: {untouched}")  # fmt: skip
    others = calls_of(build, _NAME="other", _REGISTRY="us", _REGIONS="us-central1 us-east1")
    require("us-docker.pkg.dev/my-project/other/gateway" in str(others) and "mcp-gateway" not in str(others), f"{others}")
    promoted = [call.split()[2] for call in others["shift traffic"]]
    require(promoted == ["us-central1", "us-east1"], f"promoted in {promoted}")


# Runs under the Python that gcloud brings, beside its libraries.
LOADER = """
import sys
root = sys.argv[1]
sys.path[:0] = [root + "/lib", root + "/lib/third_party"]
from googlecloudsdk.api_lib.cloudbuild import cloudbuild_util, config
build = config.LoadCloudbuildConfigFromPath(sys.argv[2], cloudbuild_util.GetMessagesModule(), params={})
print(len(build.steps), "steps")
"""


def gcloud() -> tuple[Path, str] | None:
    """Where gcloud is, and a Python that can run it."""
    program = shutil.which("gcloud")
    if not program:
        return None
    root = Path(program).resolve().parent.parent
    if not (root / "lib/googlecloudsdk").is_dir():
        root = Path("/usr/lib/google-cloud-sdk")
    bundled = root / "platform/bundledpythonunix/bin/python3"
    python = str(bundled) if bundled.exists() else sys.executable
    return (root, python) if (root / "lib/googlecloudsdk").is_dir() else None


def load(place: tuple[Path, str], file: Path) -> subprocess.CompletedProcess[str]:
    root, python = place
    return subprocess.run([python, "-c", LOADER, str(root), str(file)], capture_output=True, text=True)


def require_loader() -> None:
    """gcloud takes the file, and does not take one with a fault."""
    place = gcloud()
    if not place:
        print("SKIPPED: gcloud is not on this machine, so its own loader has not read the file")
        return
    loaded = load(place, FILE)
    require(loaded.returncode == 0, f"gcloud does not take the file:\n{loaded.stderr}")
    print(f"gcloud takes it: {loaded.stdout.strip()}")
    for good, bad in (("waitFor:", "waitsFor:"), ("E2_HIGHCPU_32", "E2_HIGHCPU_33"), ("  _REGIONS: ", "  REGIONS: ")):
        faulty = work() / "faulty.yaml"
        faulty.write_text(FILE.read_text().replace(good, bad, 1))
        require(load(place, faulty).returncode != 0, f"gcloud takes {bad} too, so it proves nothing")


def main() -> None:
    build = yaml.safe_load(FILE.read_text())
    require_fields(build)
    require_substitutions(build)
    require_order(build["steps"])
    require_scripts(build)
    require_agreement(build)
    require_calls(build)
    require_loader()
    print(f"{len(build['steps'])} steps, {len(build['substitutions'])} substitutions")


if __name__ == "__main__":
    main()
