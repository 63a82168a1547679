"""The backend, the gateway and the proxies it is compared with: configured from templates, started, ready."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from processes import BenchError, Processes, free_port
from rows import Row

TEMPLATES = Path(__file__).parent / "templates"


@dataclass
class Peer:
    """A running server."""

    name: str
    process: Popen
    port: int
    certificate: Path | None = None  # what it shows, if it speaks TLS

    @property
    def url(self) -> str:
        """Where it is called."""
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}/mcp"


def fill(template: str, target: Path, **values: object) -> Path:
    """Writes a template with its @NAMES@ replaced."""
    text = (TEMPLATES / template).read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    target.write_text(text)
    return target


def listening_port(processes: Processes, name: str, listener: str) -> int:
    """The port in the line that a server prints when it is ready; 0 as long as there is none."""
    for line in processes.output(name).read_text(errors="replace").splitlines():
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if isinstance(message, dict) and message.get("message") == "listening" and message.get("listener") == listener:
            return int(message["address"].rsplit(":", 1)[1])
    return 0


def start_backend(processes: Processes, program: Path, row: Row, core: set[int]) -> Peer:
    """The backend with the answers of a row."""
    process = processes.start(
        "backend", [program, "--port", 0, "--size", row.answer_size, "--events", row.events], core)
    port = processes.wait("backend", process, 10, "listening", lambda: listening_port(processes, "backend", "mcp"))
    return Peer("backend", process, port)


def start_redis(processes: Processes, core: set[int]) -> Peer:
    """A Redis that keeps nothing on disk."""
    port = free_port()
    program = shutil.which("redis-server")
    if not program:
        raise BenchError("redis-server is not installed")
    process = processes.start(
        "redis", [program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                  "--dir", processes.directory], core)
    processes.wait_for_port("redis", process, port)
    return Peer("redis", process, port)


def certificate_of(directory: Path, row: Row) -> Path | None:
    """What proxies show to clients; none for a row without TLS."""
    return make_certificate(directory) if row.tls else None


def make_certificate(directory: Path) -> Path:
    """A certificate for 127.0.0.1 that vouches for itself, its key beside it with another suffix."""
    certificate = directory / "tls.pem"
    if not certificate.exists():
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", certificate.with_suffix(".key"),
             "-out", certificate], check=True, capture_output=True)
        certificate.with_suffix(".key").chmod(0o600)
    return certificate


def limits_of(processes: Processes, row: Row, core: set[int]) -> str:
    """The lines of the gateway's configuration for the limits of a row: a client's, and everybody's."""
    if not row.limits:
        return ""
    lines = ["rate_limits:", "  - { name: client, key: identity, rate: 1000000/s }",
             "  - { name: all, key: global, rate: 1000000/s }"]
    if row.limits == "redis":
        secret = processes.directory / "secret"
        secret.write_text("what is measured must be as it is used")
        secret.chmod(0o600)
        redis = start_redis(processes, core)
        # A gateway under valgrind is fifty times slower than it is.
        lines.append(f"redis: {{ url: 'redis://127.0.0.1:{redis.port}', secret: 'file:{secret}', timeout: 5s }}")
    return "\n".join(lines)


def start_gateway(
    processes: Processes, program: Path, backend: Peer, row: Row, core: set[int], under: list | None = None,
    health_interval: str = "1s", patience: float = 20
) -> Peer:
    """The gateway with everything on; `under` is a program that runs it, such as valgrind."""
    certificate = certificate_of(processes.directory, row)
    tls = f", tls: {{ certificate: {certificate}, private_key: 'file:{certificate.with_suffix('.key')}' }}" if certificate else ""
    configuration = fill(
        "gateway.conf", processes.directory / "gateway.conf", BACKEND_PORT=backend.port, TLS=tls,
        DIRECTORY=processes.directory, HEALTH_INTERVAL=health_interval,
        LIMITS=limits_of(processes, row, set(range(os.cpu_count() or 1)) - core or core),
        CACHE="tools: { process_data: { cache: { ttl: 1h, scope: public } } }" if row.cached else "")
    process = processes.start("gateway", [*(under or []), program, "run", "--config", configuration], core)
    port, admin = (
        processes.wait("gateway", process, patience, "listening", lambda: listening_port(processes, "gateway", listener))
        for listener in ("mcp", "admin"))

    def is_ready() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{admin}/ready", timeout=patience) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    processes.wait("gateway", process, patience, "ready", is_ready)
    return Peer("gateway", process, port, certificate)


def start_nginx(processes: Processes, program: str, backend: Peer, row: Row, core: set[int]) -> Peer:
    """nginx as a plain proxy with one worker; unbuffered only where events must get through at once.

    Its cache cannot look into a call: it is told that all calls of the path are the same, which is less than the gateway does,
    and gives every caller the answer, and the id, of the first one.
    """
    port = free_port()
    # The worker must reach the temporary folder, so it stays with the user who made that.
    user = f"user {pwd.getpwuid(os.getuid()).pw_name};" if os.getuid() == 0 else ""
    certificate = certificate_of(processes.directory, row)
    configuration = fill(
        "nginx.conf", processes.directory / "nginx.conf", BACKEND_PORT=backend.port, PORT=port, USER=user,
        SSL="ssl" if certificate else "",
        CERTIFICATE=f"ssl_certificate {certificate}; ssl_certificate_key {certificate.with_suffix('.key')};"
        if certificate else "",
        DIRECTORY=processes.directory, BUFFERING="off" if row.events else "on",
        CACHE_PATH=f"proxy_cache_path {processes.directory}/cache keys_zone=answers:10m;" if row.cached else "",
        CACHE="proxy_cache answers; proxy_cache_methods POST; proxy_cache_key $uri; proxy_cache_valid 200 1h;"
        if row.cached else "",
        LIMIT_ZONE="limit_req_zone $binary_remote_addr zone=clients:10m rate=1000000r/s;" if row.limits else "",
        LIMIT="limit_req zone=clients burst=1000000 nodelay;" if row.limits else "")
    process = processes.start(
        "nginx", [program, "-p", processes.directory, "-c", configuration, "-g", "daemon off;"], core)
    processes.wait_for_port("nginx", process, port)
    return Peer("nginx", process, port, certificate)


def start_haproxy(processes: Processes, program: str, backend: Peer, core: set[int]) -> Peer:
    """HAProxy as a plain proxy with one thread."""
    port = free_port()
    configuration = fill("haproxy.cfg", processes.directory / "haproxy.cfg", BACKEND_PORT=backend.port, PORT=port)
    process = processes.start("haproxy", [program, "-db", "-f", configuration], core)
    processes.wait_for_port("haproxy", process, port)
    return Peer("haproxy", process, port)
