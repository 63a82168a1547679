#!/usr/bin/env python3
# The Terraform modules are valid, do what their tests say, keep secrets out of the state, and start a gateway that serves.
# reads: deployments/terraform/
#
# Terraform has to be on the machine; Google's provider need not be: its schema comes out of a package, and the tests mock
# what it would create. Then the containers of the gateway's service are started as processes, as the state describes them.

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from support import BIN_DIR, ROOT, Process, fail, free_port, require, skip, tools, wait_for, work

SOURCE = ROOT / "deployments/terraform"
HELPERS = ROOT / "Tests/Deployment/terraform"
GOOGLE, RANDOM = "6.50.0", "3.7.2"

# What the tests give as a password, and what the mocked provider makes up as a key.
SECRETS = ("must-not-be-seen", "made up for")

# A key that the gateway and a tool server take.
KEY = "0123456789abcdef" * 3

# Every role that is granted anywhere, and on what.
GRANTS = {
    ("google_artifact_registry_repository_iam_member", "roles/artifactregistry.writer"),
    ("google_cloud_run_v2_service_iam_member", "roles/run.developer"),
    ("google_cloud_run_v2_service_iam_member", "roles/run.invoker"),
    ("google_project_iam_member", "roles/logging.logWriter"),
    ("google_project_iam_member", "roles/storage.objectViewer"),
    ("google_secret_manager_secret_iam_member", "roles/secretmanager.secretAccessor"),
    ("google_service_account_iam_member", "roles/iam.serviceAccountTokenCreator"),
    ("google_service_account_iam_member", "roles/iam.serviceAccountUser"),
}


def terraform(*arguments: str, folder: Path, expect: int = 0) -> str:
    """What terraform says; fails the check when it does not end as expected."""
    environment = {
        **os.environ,
        "CHECKPOINT_DISABLE": "1",
        "TF_DISABLE_PLUGIN_TLS": "1",
        "TF_CLI_CONFIG_FILE": os.devnull,
        "TF_IN_AUTOMATION": "1",
    }
    ended = subprocess.run(
        ["nice", "terraform", *arguments], cwd=folder, env=environment, text=True, timeout=600,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
    if ended.returncode != expect:
        fail(f"terraform {' '.join(arguments)} in {folder.name} ended with {ended.returncode}:\n{readable(ended.stdout)}")
    return ended.stdout


def readable(output: str) -> str:
    """The complaints in output of either form."""
    lines = []
    for line in output.splitlines():
        if not line.startswith("{"):
            lines.append(line)
            continue
        message = json.loads(line)
        if message["type"] == "diagnostic":
            place = message["diagnostic"].get("range", {})
            lines.append(f"{place.get('filename')}:{place.get('start', {}).get('line')}: {message['diagnostic']['summary']}")
            lines.append(f"    {message['diagnostic']['detail']}")
        elif message["type"] == "test_run" and message["test_run"].get("status") not in (None, "pass"):
            lines.append(message["@message"])
    return "\n".join(lines)


def require_terraform() -> None:
    if not shutil.which("terraform"):
        skip("terraform is not on this machine; https://developer.hashicorp.com/terraform/install has it")
    version = json.loads(subprocess.run(["terraform", "version", "-json"], capture_output=True).stdout)["terraform_version"]
    if tuple(map(int, version.split("-")[0].split(".")[:2])) < (1, 11):
        skip(f"terraform 1.11 or later is needed, this machine has {version}")
    print(f"terraform {version}")


def google_schema(programs: Path) -> Path:
    """The schema of the resources that the modules use, made once and kept beside the environment."""
    types = sorted({
        kind for file in SOURCE.rglob("*.tf") for kind in re.findall(r'^resource "(google_\w+)"', file.read_text(), re.M)
    })  # fmt: skip
    wanted = "\n".join([*types, (HELPERS / "google-bindings.txt").read_text(), (HELPERS / "schema.py").read_text()])
    schema, made_for = programs.parent / "google.json", programs.parent / "google.txt"
    if not schema.exists() or not made_for.exists() or made_for.read_text() != wanted:
        folder = work() / "bindings"
        print("fetching what the google provider's schema is read from")
        subprocess.run(
            [programs / "python", "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
             "--require-hashes", "--dest", folder, "--requirement", HELPERS / "google-bindings.txt"], check=True)  # fmt: skip
        subprocess.run([sys.executable, HELPERS / "schema.py", next(folder.glob("*.whl")), schema, *types], check=True)
        made_for.write_text(wanted)
    return schema


def plugins(programs: Path) -> Path:
    """A folder of providers as terraform looks for them."""
    folder = work() / "plugins"
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    schemas = {("google", GOOGLE): google_schema(programs), ("random", RANDOM): HELPERS / "random.json"}
    for (name, version), schema in schemas.items():
        place = folder / f"registry.terraform.io/hashicorp/{name}/{version}/linux_{machine}"
        place.mkdir(parents=True)
        program = place / f"terraform-provider-{name}_v{version}"
        program.write_text(
            f"#!/bin/sh\nPROVIDER_SCHEMA='{schema}' exec '{programs / 'python'}' '{HELPERS / 'provider.py'}'\n")
        program.chmod(0o755)
    return folder


def require_descriptions() -> None:
    """Variables and outputs are what people see first."""
    for file in SOURCE.rglob("*.tf"):
        for kind, name, body in re.findall(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', file.read_text(), re.M | re.S):
            require(re.search(r"^  description +=", body, re.M), f"{file}: {kind} {name} is not described")


def require_refusals(modules: Path) -> None:
    """That what stands in for the provider refuses what the provider would; else all that is valid proves nothing."""
    tool_server = modules / "modules/region/tool_server.tf"
    original = tool_server.read_text()
    faults = {
        "an unknown argument": ("  location             = var.region", "  location = var.region\n  regions = [var.region]", "Unsupported argument"),
        "a missing argument": ("  location             = var.region", "", "Missing required argument"),
        "a value that is not documented": ("  ingress              = var.tool_server.ingress", '  ingress = "PUBLIC"', "must be one of"),
        "a second block of which one is allowed": ("    scaling {", "    scaling {\n    }\n    scaling {", "Too many scaling blocks"),
    }
    for name, (text, fault, complaint) in faults.items():
        require(text in original, f"the fault '{name}' cannot be planted: {tool_server.name} has changed")
        tool_server.write_text(original.replace(text, fault))
        said = " ".join(terraform("validate", "-no-color", folder=modules, expect=1).replace("│", " ").split())
        require(complaint in said, f"{name} is not refused as such:\n{said}")
    tool_server.write_text(original)
    print(f"{len(faults)} planted faults are refused")


def tested(modules: Path, providers: Path) -> list[dict[str, Any]]:
    """Runs the tests of a folder; what they printed of states and plans."""
    terraform("init", "-no-color", f"-plugin-dir={providers}", folder=modules)
    terraform("validate", "-no-color", folder=modules)
    messages = [
        json.loads(line)
        for line in terraform("test", "-json", "-verbose", folder=modules).splitlines()
        if line.startswith("{")
    ]
    summary = next(message["test_summary"] for message in messages if message["type"] == "test_summary")
    require(summary["passed"] > 0 and summary["skipped"] == 0, f"not all tests ran: {summary}")
    print(f"{modules.name}: {summary['passed']} tests passed")
    return [message for message in messages if message["type"] in ("test_state", "test_plan")]


def resources(value: Any) -> Iterator[dict[str, Any]]:
    """Every resource of a state, however deep its module is."""
    for resource in value.get("resources", []):
        yield resource
    for module in value.get("child_modules", []):
        yield from resources(module)


def require_discretion(messages: list[dict[str, Any]]) -> None:
    """No secret in any state, plan or output; no grant beyond the list; nobody's services are open."""
    text = json.dumps(messages)
    for secret in SECRETS:
        require(secret not in text, f"the secret '{secret}…' is in a state, a plan or an output")
    granted, values = set(), 0
    for message in messages:
        for resource in resources(message.get("test_state", {}).get("root_module", {})):
            kind, content = resource["type"], resource["values"]
            if kind == "google_secret_manager_secret_version":
                values += 1
                require(content["secret_data"] is None, f"{resource['address']} keeps its value in the state")
            if "_iam_" in kind:
                granted.add((kind, content["role"]))
                require(not content["member"].startswith("all"), f"{resource['address']} is for everybody")
    require(values > 0, "no secret was seen")
    require(granted == GRANTS, f"roles granted beyond or short of the list: {granted ^ GRANTS}")
    print(f"{values} secrets written, none kept; {len(granted)} roles granted")


def gateway_service(messages: list[dict[str, Any]], run: str) -> tuple[dict[str, Any], str]:
    """The containers of the gateway's service after a run, and the configuration."""
    state = next(message["test_state"] for message in messages if message["type"] == "test_state" and message["@testrun"] == run)
    service = next(
        resource["values"] for resource in resources(state["root_module"])
        if resource["type"] == "google_cloud_run_v2_service" and resource["name"] == "gateway")  # fmt: skip
    return service["template"][0], state["outputs"]["gateway_conf"]["value"]


def answer(url: str, body: dict[str, Any] | None = None) -> tuple[int, bytes]:
    """The status and content of a GET, or of an MCP request."""
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2025-11-25",
    }
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, headers if body else {})
    with urllib.request.urlopen(request, timeout=5) as response:
        return response.status, response.read()


def require_service(messages: list[dict[str, Any]]) -> None:
    """Starts the containers of an instance as processes, probes them as Cloud Run would, and calls a tool."""
    template, conf = gateway_service(messages, "tool_servers_run_beside_the_gateway")
    file = work() / "gateway.conf"
    ports = {port: free_port() for port in re.findall(r"(?:0\.0\.0\.0|127\.0\.0\.1):(\d+)", conf)}

    def local(text: str) -> str:
        """The same on free ports of the loopback address."""
        return re.sub(r"(?:0\.0\.0\.0|127\.0\.0\.1):(\d+)", lambda match: f"127.0.0.1:{ports[match[1]]}", text)

    # Nothing listens where Redis should be: instances start, and serve, without it.
    file.write_text(local(conf).replace("10.8.4.3:6379", f"127.0.0.1:{free_port()}"))
    secrets = {"GATEWAY_KEY": KEY, "STATE_KEY": KEY, "REDIS_URL": f"redis://127.0.0.1:{free_port()}"}
    mount = template["containers"][0]["volume_mounts"][0]["mount_path"]
    gateway, *beside = template["containers"]
    with contextlib.ExitStack() as running:
        for container in [*beside, gateway]:
            program = "mcp-gateway" if container is gateway else "mcp-tool-server"
            arguments = [local(word).replace(f"{mount}/gateway.conf", str(file)) for word in container["args"]]
            named = {entry["name"]: entry["value"] or secrets[entry["name"]] for entry in container["env"]}
            running.enter_context(Process(container["name"], BIN_DIR / program, *arguments, environment=named))
            for probe in (container["startup_probe"][0], container["liveness_probe"][0]):
                get = probe["http_get"][0]
                url = f"http://127.0.0.1:{ports[str(get['port'])]}{get['path']}"
                wait_for(f"{container['name']} to answer {url}", lambda: answer(url)[0] == 200, 20)
        port = ports[str(gateway["ports"][0]["container_port"])]
        called = {"name": "process_data", "arguments": {"data": {"city": "Paris"}, "operation": "transform"}}
        request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": called}
        for _ in range(2 * len(beside)):
            status, content = answer(f"http://127.0.0.1:{port}/mcp", request)
            require(status == 200 and b"PARIS" in content, f"a call through the gateway: {status} {content[:300]!r}")
    print(f"an instance of {len(beside) + 1} containers starts, passes its probes and serves")


def require_checked(messages: list[dict[str, Any]]) -> None:
    """The gateway finds nothing to complain of in any configuration that the tests have made."""
    confs = {
        output["gateway_conf"]["value"]
        for message in messages
        if (output := message.get("test_state", {}).get("outputs", {})) and "gateway_conf" in output
    }
    require(len(confs) >= 5, f"only {len(confs)} configurations were made")
    environment = {**os.environ, "GATEWAY_KEY": KEY, "REDIS_PASSWORD": "secret"}
    for index, conf in enumerate(sorted(confs)):
        file = work() / f"made-{index}.conf"
        file.write_text(conf)
        ended = subprocess.run([BIN_DIR / "mcp-gateway", "check", file], env=environment, capture_output=True, text=True)
        # Cloud Run lets nobody but its own probes to that port.
        said = [line for line in ended.stderr.splitlines() if "admin: is open to other machines" not in line]
        require(ended.returncode == 0 and not said, f"{said}\n{conf}")
    print(f"{len(confs)} configurations are right")


def main() -> None:
    require_terraform()
    programs = tools("terraform")
    terraform("fmt", "-check", "-recursive", "-diff", "-no-color", folder=SOURCE)
    require_descriptions()
    providers = plugins(programs)
    modules = work() / "terraform"
    # A copy: terraform keeps notes beside what it reads.
    shutil.copytree(SOURCE, modules, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    messages = tested(modules, providers) + tested(modules / "examples/two-regions", providers)
    require_discretion(messages)
    require_checked(messages)
    require_service(messages)
    require_refusals(modules)


if __name__ == "__main__":
    main()
