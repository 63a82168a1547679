#!/usr/bin/env python3
# `docker compose up` brings everything up in order, with secrets made; calls go on while a tool server is killed.
# reads: deployments/docker-compose.yml deployments/compose/ deployments/Dockerfile monitoring/prometheus.yml monitoring/rules/ monitoring/alertmanager.yml

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

from client import call
from engine import Engine, StandIn, build_images, docker, prepare
from support import ROOT, Process, require, tools, wait_for, work

PROGRAMS = tools("containers")
FILES = ("deployments/docker-compose.yml", "Tests/Deployment/stack/override.yml")
TOOL_SERVERS = ("tool-server-1", "tool-server-2", "tool-server-3")
HEALTHY = {"redis", *TOOL_SERVERS, "gateway", "monitor", "prometheus", "alertmanager"}
CLIENTS = 4
"""How many call at a time; each has one call in flight at most."""


class Stack:
    """The services of docker-compose.yml, in an engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        file = work() / "gateway.conf"
        text = (ROOT / "deployments/compose/gateway.conf").read_text()
        require("admin: 0.0.0.0:9090" in text, "compose/gateway.conf has another admin address")
        file.write_text(text.replace("admin: 0.0.0.0:9090", "admin: 192.0.2.4:9090"))
        file.chmod(0o644)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MCP_", "COMPOSE_", "LOG_"))}
        self._environment = kept | engine.environment | {"GATEWAY_CONF": str(file)}

    def compose(self, *arguments: str) -> str:
        print("+ docker compose", *arguments, flush=True)
        files = [word for file in FILES for word in ("--file", file)]
        ended = subprocess.run([PROGRAMS / "docker-compose", *files, *arguments], cwd=ROOT, env=self._environment, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        if ended.returncode != 0:
            for name in self.containers():
                print(self.engine.log(name), flush=True)
        require(ended.returncode == 0, f"docker compose {' '.join(arguments)}: {ended.stdout}")
        return ended.stdout

    def containers(self) -> list[str]:
        return self.engine.docker("ps", "--all", "--format", "{{.Names}}", quiet=True).split()

    def state(self, service: str) -> dict:
        return self.engine.inspect(f"mcp-{service}-1")

    def run_in(self, service: str, *command: str) -> str:
        return self.engine.docker("exec", f"mcp-{service}-1", *command, quiet=True, may_fail=True)


def stand_ins(stack: Stack) -> list[StandIn]:
    """Images of the file that are not ours, made of Debian's packages."""
    project = json.loads(stack.compose("config", "--format", "json"))["services"]
    packages = ("redis-server", "prometheus", "prometheus-alertmanager", "wget")
    return [
        StandIn(project["redis"]["image"], packages, ("RUN mkdir -p /data && chown 999:999 /data",)),
        StandIn(project["prometheus"]["image"], packages, (
            "RUN mkdir -p /prometheus && chown 65534:65534 /prometheus", 'ENTRYPOINT ["/usr/bin/prometheus"]')),
        StandIn(project["alertmanager"]["image"], packages, (
            "RUN mkdir -p /alertmanager && chown 65534:65534 /alertmanager",
            'ENTRYPOINT ["/usr/bin/prometheus-alertmanager"]')),
    ]


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as response:
        return response.read().decode()


# --------------------------------------------------------------------------------------------------------------- the checks


def check_start(stack: Stack) -> None:
    """Everything comes up, each when what it needs is there."""
    watch = (docker(), "events", "--format", "{{json .}}", "--filter", "type=container")
    with Process("events", *watch, environment=stack.engine.environment) as events:
        began = time.monotonic()
        stack.compose("up", "--detach", "--wait", "--wait-timeout", "180", "--no-build", "--pull", "never")
        print(f"figure: everything is up after {time.monotonic() - began:.0f} s", flush=True)
        time.sleep(1)
        happened = order_of(events.output)
    for service in sorted(HEALTHY):
        state = stack.state(service)["State"]
        require(state["Health"]["Status"] == "healthy", f"{service} is {state['Health']['Status']}")
    secrets = stack.state("secrets")["State"]
    require(secrets["ExitCode"] == 0 and not secrets["Running"], f"secrets ended with {secrets['ExitCode']}")

    def waited(service: str, for_what: str) -> None:
        require(happened[f"{service} start"] > happened[for_what], f"{service} began before this: {for_what}")

    for service in ("redis", *TOOL_SERVERS):
        waited("gateway", f"{service} healthy")
    waited("monitor", "gateway healthy")
    waited("prometheus", "gateway healthy")
    waited("redis", "secrets die")


def order_of(events: str) -> dict[str, int]:
    """When each service started, was healthy for the first time, and ended."""
    first: dict[str, int] = {}
    for line in events.splitlines():
        event = json.loads(line)
        action = event["Action"].removeprefix("health_status: ")
        service = event["Actor"]["Attributes"].get("com.docker.compose.service")
        first.setdefault(f"{service} {action}", event["timeNano"])
    return first


def check_secrets(stack: Stack) -> str:
    """Each file is for one user, long and random; none is where others look. Returns what tells these from others."""
    listing = stack.engine.docker("run", "--rm", "--network=none", "--volume", "mcp_secrets:/s:ro", "--entrypoint", "sh",
                                  stack.state("redis")["Config"]["Image"], "-c",
                                  "cd /s && stat -c '%n %u %a %s' * && cat * | sha256sum", quiet=True).splitlines()
    owners = {"session_key": "1000", "redis_password": "1000", "grafana_password": "472", "redis_users.acl": "999"}
    found = {line.split()[0]: line.split()[1:] for line in listing[:-1]}
    require(set(found) == set(owners), f"the secrets are {sorted(found)}")
    for name, (owner, mode, size) in found.items():
        require((owner, mode) == (owners[name], "400"), f"{name} belongs to {owner} and has mode {mode}")
        require(int(size) >= 64, f"{name} has {size} bytes only")
    said = json.dumps([stack.engine.inspect(name) for name in stack.containers()])
    password = stack.engine.docker("run", "--rm", "--network=none", "--volume", "mcp_secrets:/s:ro", "--entrypoint", "cat",
                                   stack.state("redis")["Config"]["Image"], "/s/redis_password", quiet=True).strip()
    require(password and password not in said, "the password of Redis can be seen by `docker inspect`")
    return listing[-1]


def check_redis(stack: Stack) -> None:
    """Nobody can do more than PING without the password; what is in it is on the disk."""
    require("PONG" in stack.run_in("redis", "redis-cli", "ping"), "Redis does not answer PING")
    for command in (("flushall",), ("get", "gw:x"), ("config", "get", "*"), ("acl", "list"), ("publish", "gw:generations", "x")):
        said = stack.run_in("redis", "redis-cli", *command)
        require("NOPERM" in said, f"Redis lets anybody do {command}: {said}")
    require("appendonly" in stack.run_in("redis", "ls", "/data/appendonlydir"), "Redis has no append-only file")


class Clients:
    """Clients that call all the time, a little less often than the limit lets them."""

    def __init__(self) -> None:
        self._is_ended = threading.Event()
        self.succeeded: list[float] = []
        self.failed: list[tuple[float, str]] = []
        self._threads = [threading.Thread(target=self._run, args=(index,)) for index in range(CLIENTS)]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_ended.set()
        for thread in self._threads:
            thread.join()

    def _run(self, index: int) -> None:
        number = index
        while not self._is_ended.is_set():
            number += CLIENTS
            try:
                call(8080, number)
                self.succeeded.append(time.monotonic())
            except (OSError, ValueError, http.client.HTTPException) as error:
                detail = error.read().decode() if isinstance(error, urllib.error.HTTPError) else ""
                self.failed.append((time.monotonic(), f"{error} {detail}"))
            time.sleep(0.06)

    def require_served(self, since: float, what: str) -> None:
        """From then on calls have been answered, and none has failed."""
        failed = [text for at, text in self.failed if at > since]
        require(not failed, f"calls failed {what}: {failed[:3]}")
        require([at for at in self.succeeded if at > since], f"no call was answered {what}")


def check_kill(stack: Stack) -> None:
    """A tool server is killed while clients call: what was in flight on it may fail, nothing else does, and it comes back."""
    victim = "tool-server-2"
    with Clients() as clients:
        time.sleep(2)
        clients.require_served(0, "before anything was killed")
        killed = time.monotonic()
        os.kill(stack.state(victim)["State"]["Pid"], signal.SIGKILL)
        time.sleep(3)
        lost = len(clients.failed)
        require(lost <= CLIENTS, f"{lost} calls failed, and no more than {CLIENTS} were in flight: {clients.failed[:3]}")
        clients.require_served(killed + 1, "a second after a tool server was killed")
        wait_for(f"{victim} to be started again",
                 lambda: stack.state(victim)["RestartCount"] > 0 and stack.state(victim)["State"]["Health"]["Status"] == "healthy",
                 30)
        metric = r'mcp_gateway_backend_up\{[^}]*tool-server-2[^}]*\} 1'
        wait_for("the gateway to use it again", lambda: re.search(metric, get("http://192.0.2.4:9090/metrics")), 20)

        # One that is told to end ends well: nobody notices.
        before = len(clients.failed)
        stack.compose("stop", "tool-server-3")
        time.sleep(1)
        stack.compose("start", "tool-server-3")
        require(len(clients.failed) - before <= CLIENTS, f"calls failed while tool-server-3 was restarted: {clients.failed[-3:]}")
        ended = len(clients.failed) - before
    print(f"figure: {len(clients.succeeded)} calls answered; {lost} lost with a killed server, {ended} with one that was stopped",
          flush=True)


def check_shared_state() -> None:
    """The gateway is let into Redis, and decides its limits there."""
    metrics = get("http://192.0.2.4:9090/metrics")
    require(re.search(r"^mcp_gateway_redis_up(\{[^}]*\})? 1$", metrics, re.MULTILINE), "the gateway is not served by Redis")
    decided = re.search(r'^mcp_gateway_rate_limit_decisions_total\{(?=[^}]*decision="allowed")(?=[^}]*source="redis")[^}]*\} (\d+)',
                        metrics, re.MULTILINE)
    require(decided and int(decided[1]) > 50, "limits are not decided in Redis")
    require("no session key is configured" not in metrics, "the gateway has no key")


def check_watched() -> None:
    """Prometheus reaches all that it is to watch, and its Alertmanager."""
    def all_up() -> bool:
        targets = json.loads(get("http://192.0.2.5:9090/api/v1/targets"))["data"]["activeTargets"]
        down = {target["scrapeUrl"]: target["lastError"] for target in targets if target["health"] != "up"}
        print(f"{len(targets)} targets, not up: {down}", flush=True)
        return len(targets) >= 5 and not down
    wait_for("Prometheus to have scraped all targets", all_up, 40, pause=1)
    found = json.loads(get("http://192.0.2.5:9090/api/v1/alertmanagers"))["data"]["activeAlertmanagers"]
    require(len(found) == 1, f"Prometheus knows the Alertmanagers {found}")
    servers = set(re.findall(r'^mcp_server_availability\{server="([^"]+)"\} 1$', get("http://127.0.0.1:9092/metrics"), re.MULTILINE))
    require(servers == {"gateway", *TOOL_SERVERS}, f"the monitor finds {sorted(servers)} available")


def check_end(stack: Stack) -> None:
    """All that is ours ends well."""
    stack.compose("stop", "--timeout", "40")
    for service in ("gateway", "monitor", *TOOL_SERVERS):
        state = stack.state(service)["State"]
        require(state["ExitCode"] == 0, f"{service} ended with {state['ExitCode']}")


def main() -> None:
    prepare()
    with Engine(is_isolated=False) as engine:
        build_images(engine)
        for image in stand_ins(Stack(engine)):
            image.ensure(engine)
    with Engine(is_isolated=True) as engine:
        # In this network, which only the check and the containers are in.
        stack = Stack(engine)
        for number in range(1, 6):
            subprocess.run(["ip", "address", "add", f"192.0.2.{number}/32", "dev", "lo"], check=True)
        stack.compose("down", "--volumes", "--timeout", "5")
        try:
            check_start(stack)
            before = check_secrets(stack)
            check_redis(stack)
            check_kill(stack)
            check_shared_state()
            check_watched()
            stack.compose("up", "--detach", "--wait", "--no-build", "--pull", "never", "--force-recreate")
            require(check_secrets(stack) == before, "the secrets are others after a second start")
            check_end(stack)
        finally:
            stack.compose("down", "--volumes", "--timeout", "5")
    print("the services of docker-compose.yml work together")


main()
