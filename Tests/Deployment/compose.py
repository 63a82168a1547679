#!/usr/bin/env python3
# docker-compose.yml, as Compose reads it: everything it mounts is there, and every service is bounded, unprivileged and waited for.
# reads: deployments/docker-compose.yml deployments/compose/ monitoring/prometheus.yml monitoring/grafana/provisioning/

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from support import BIN_DIR, ROOT, need, require, tools, work

PROGRAMS = tools("containers")
FILE = ROOT / "deployments/docker-compose.yml"
TOOL_SERVERS = ("tool-server-1", "tool-server-2", "tool-server-3")
SERVICES = {"secrets", "redis", *TOOL_SERVERS, "gateway", "monitor", "prometheus", "alertmanager", "grafana"}
OURS = {"gateway": "gateway", "monitor": "monitor", **dict.fromkeys(TOOL_SERVERS, "tool-server")}
"""Services whose images are made here, and of which target; their images say how health is asked for."""

PUBLISHED = {"gateway": {8080: 8080, 9090: 9090}, "monitor": {9092: 9092}, "prometheus": {9091: 9090},
             "alertmanager": {9093: 9093}, "grafana": {3000: 3000}}
"""Ports of this machine, and of the container."""

Service = dict[str, Any]


def read() -> dict[str, Any]:
    """The file after Compose has resolved it, with nothing set that a user would not have set."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MCP_", "COMPOSE_", "LOG_"))}
    ended = subprocess.run(
        [PROGRAMS / "docker-compose", "--file", FILE, "config", "--format", "json"], env=environment, capture_output=True,
        text=True)
    require(ended.returncode == 0, f"Compose refuses the file: {ended.stderr}")
    require(not ended.stderr.strip(), f"Compose warns of: {ended.stderr}")
    return json.loads(ended.stdout)


def check_rights(name: str, service: Service) -> None:
    require(service.get("read_only"), f"{name} can write to its root")
    require(service.get("cap_drop") == ["ALL"], f"{name} keeps capabilities")
    require(not service.get("cap_add") or name == "secrets", f"{name} is given capabilities")
    require(service.get("security_opt") == ["no-new-privileges:true"], f"{name} can gain privileges")
    require(not service.get("privileged") and not service.get("pid"), f"{name} is privileged")
    user = service.get("user", "1000:1000" if name in OURS else "root")
    require(re.match(r"[1-9]\d*:", user) or name == "secrets", f"{name} runs as {user}")


def check_bounds(name: str, service: Service) -> None:
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    for what in ("cpus", "memory", "pids"):
        require(limits.get(what), f"{name} has no limit of {what}")
    options = service.get("logging", {}).get("options", {})
    require({"max-size", "max-file"} <= set(options), f"the log of {name} grows without end")
    expected = "no" if name == "secrets" else "unless-stopped"
    require(service.get("restart") == expected, f"restart of {name} is {service.get('restart')}")


def check_image(name: str, service: Service) -> None:
    if name in OURS:
        build = service.get("build", {})
        require(build.get("target") == OURS[name], f"{name} is made of target {build.get('target')}")
        require(Path(build["context"]) == ROOT, f"{name} is built in {build['context']}")
        require((Path(build["context"]) / build["dockerfile"]).is_file(), f"{name} is built by a file that is not there")
    else:
        require(re.search(r":v?\d+\.\d+\.\d+", service["image"]), f"{service['image']} is not pinned to a version")


def check_mounts(name: str, service: Service, volumes: dict[str, Any]) -> None:
    for mount in service.get("volumes", []):
        if mount["type"] == "bind":
            source = Path(mount["source"])
            require(source.exists(), f"{name} mounts {source.relative_to(ROOT)}, which is not there")
            require(source.is_relative_to(ROOT), f"{name} mounts {source}, which is not in the repository")
            known = subprocess.run(["git", "ls-files", "--", source], cwd=ROOT, capture_output=True, text=True).stdout
            new = subprocess.run(["git", "ls-files", "--others", "--exclude-standard", "--", source], cwd=ROOT,
                                 capture_output=True, text=True).stdout
            require(known or new, f"{name} mounts {source}, which is not in a clone")
            require(mount.get("read_only"), f"{name} can write to {source}")
        else:
            require(mount["source"] in volumes, f"{name} mounts the volume {mount['source']}, which is not declared")


def check_secrets(services: dict[str, Service]) -> None:
    """Secrets are files in a volume, which one service writes; no value is in the file or in an environment."""
    for name, service in services.items():
        mounts = [mount for mount in service.get("volumes", []) if mount.get("source") == "secrets"]
        for mount in mounts:
            require(mount["target"] == "/run/secrets", f"{name} has the secrets at {mount['target']}")
            require(mount.get("read_only") or name == "secrets", f"{name} can write to the secrets")
            require(name == "secrets" or service["depends_on"]["secrets"]["condition"] == "service_completed_successfully",
                    f"{name} does not wait for the secrets")
        for variable, value in (service.get("environment") or {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN|KEY", variable):
                require(variable.endswith("_FILE") and value.startswith("/run/secrets/"), f"{variable} of {name} is no file")
                require(mounts, f"{name} reads {value} and has no secrets")
    holders = {name for name, service in services.items()
               if any(mount.get("source") == "secrets" for mount in service.get("volumes", []))}
    require(holders == {"secrets", "redis", "gateway", "grafana"}, f"secrets are given to {sorted(holders)}")


def check_order(services: dict[str, Service]) -> None:
    """What needs another waits until that is healthy, and health can be asked for."""
    def waits(name: str, other: str) -> None:
        said = services[name].get("depends_on", {}).get(other, {}).get("condition")
        require(said == "service_healthy", f"{name} does not wait until {other} is healthy")

    for other in ("redis", *TOOL_SERVERS):
        waits("gateway", other)
    waits("monitor", "gateway")
    waits("prometheus", "gateway")
    waits("grafana", "prometheus")
    for name in SERVICES - set(OURS) - {"secrets"}:
        test = services[name].get("healthcheck", {}).get("test", [])
        require(test[:1] == ["CMD"], f"nobody can tell whether {name} is healthy without a shell")


def check_ports(services: dict[str, Service]) -> None:
    for name, service in services.items():
        ports = service.get("ports", [])
        require({int(port["published"]): port["target"] for port in ports} == PUBLISHED.get(name, {}),
                f"{name} publishes {ports}")
        for port in ports:
            require(port.get("host_ip") == "127.0.0.1", f"{name} is published to other machines at {port['published']}")


def check_networks(project: dict[str, Any]) -> None:
    """Redis is reached by the gateway alone, and neither it nor the tool servers reach out."""
    members: dict[str, set[str]] = {}
    for name, service in project["services"].items():
        for network in service.get("networks") or {}:
            members.setdefault(network, set()).add(name)
    require(members["state"] == {"redis", "gateway"}, f"Redis can be reached by {sorted(members['state'])}")
    for network in ("tools", "state"):
        require(project["networks"][network].get("internal"), f"there is a way out of the network {network}")
    inner = {name for name, service in project["services"].items() if set(service.get("networks") or {}) & {"outside"}}
    require(not inner & {"redis", *TOOL_SERVERS}, "Redis or a tool server is in the network that has a way out")


def check_names(services: dict[str, Service]) -> None:
    """Every service that a configuration speaks of is one, in a network in common, at the port that it serves."""
    gateway = (ROOT / "deployments/compose/gateway.conf").read_text()
    backends = re.findall(r"^ *- http://([\w-]+):(\d+)/mcp$", gateway, re.MULTILINE)
    require(sorted(backends) == [(name, "9000") for name in TOOL_SERVERS], f"the backends are {backends}")
    scraped = re.findall(r"\b([a-z][\w-]*):(\d{2,5})\b", re.sub(r"#.*", "", (ROOT / "monitoring/prometheus.yml").read_text()))
    serves = {"gateway": "9090", "monitor": "9092", "alertmanager": "9093", "prometheus": "9090", **dict.fromkeys(TOOL_SERVERS, "9000")}
    for host, port in scraped:
        require(serves.get(host) == port, f"prometheus.yml has {host}:{port}, which is no service here")
        require(set(services["prometheus"]["networks"]) & set(services[host]["networks"]), f"Prometheus cannot reach {host}")
    require({host for host, _ in scraped} >= {"gateway", "monitor", *TOOL_SERVERS}, "Prometheus does not watch everything")
    for file in (ROOT / "monitoring/grafana/provisioning").rglob("*.yml"):
        for url in re.findall(r"^\s*url: http://(\S+)$", file.read_text(), re.MULTILINE):
            require(url == "prometheus:9090", f"{file.name} has a data source at {url}")


def check_grace(services: dict[str, Service]) -> None:
    """Nothing is killed while it still drains, which takes the gateway 30 s by default."""
    for name in ("gateway", *TOOL_SERVERS):
        grace = re.fullmatch(r"(\d+)s", services[name].get("stop_grace_period", ""))
        require(grace and int(grace[1]) > 30, f"{name} is killed while calls in flight may still end")


def check_gateway_configuration() -> None:
    """The gateway itself finds nothing wrong, once the secrets are where they would be."""
    text = (ROOT / "deployments/compose/gateway.conf").read_text()
    for name in re.findall(r"file:/run/secrets/(\w+)", text):
        (work() / name).write_text("0123456789abcdef" * 4)
        (work() / name).chmod(0o600)
    file = work() / "gateway.conf"
    file.write_text(text.replace("/run/secrets/", f"{work()}/"))
    ended = subprocess.run([BIN_DIR / "mcp-gateway", "check", file], capture_output=True, text=True)
    # It warns of an open admin address, which only the networks of Compose can reach.
    complaints = [line for line in ended.stderr.splitlines() if "admin: is open to other machines" not in line]
    require(ended.returncode == 0 and not complaints, f"the gateway says of compose/gateway.conf: {complaints}")


def check_scripts() -> None:
    need("shellcheck", "shellcheck")
    linted = subprocess.run(["shellcheck", ROOT / "deployments/compose/secrets.sh"])
    require(linted.returncode == 0, "shellcheck complains of compose/secrets.sh; see above")


def main() -> None:
    project = read()
    services = project["services"]
    require(set(services) == SERVICES, f"the services are {sorted(services)}")
    for name, service in services.items():
        check_rights(name, service)
        check_bounds(name, service)
        check_image(name, service)
        check_mounts(name, service, project["volumes"])
    check_secrets(services)
    check_order(services)
    check_ports(services)
    check_networks(project)
    check_names(services)
    check_grace(services)
    check_gateway_configuration()
    check_scripts()
    print(f"{len(services)} services are as they should be")


main()
