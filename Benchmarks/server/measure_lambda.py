"""What the tool server costs as an AWS Lambda function: how long it takes to start, and CPU time per event.

The Runtime API is made here, and spoken over real HTTP; AWS itself adds the start of its sandbox and its network.
"""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from statistics import median

from processes import BenchError, Processes, cores, cpu_seconds

MODERN = "2026-07-28"
META = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
STARTS = 10


def event(tool_arguments: str) -> bytes:
    """A call of process_data as a Function URL hands it on."""
    body = {
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "process_data", "arguments": json.loads(tool_arguments), "_meta": META}}
    return json.dumps({
        "version": "2.0", "rawPath": "/mcp", "rawQueryString": "", "isBase64Encoded": False, "body": json.dumps(body),
        "headers": {
            "content-type": "application/json", "accept": "application/json, text/event-stream",
            "mcp-protocol-version": MODERN, "mcp-method": "tools/call", "mcp-name": "process_data"},
        "requestContext": {
            "http": {"method": "POST", "path": "/mcp", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"}, "stage": "$default"},
    }).encode()


class RuntimeAPI:
    """The Runtime API for one function, which uses one connection."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(20)
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.connection: socket.socket | None = None
        self.received = b""
        self.count = 0

    def __enter__(self) -> "RuntimeAPI":
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()
        if self.connection:
            self.connection.close()

    def request(self) -> tuple[str, bytes]:
        """The next request of the function: its path, and its body."""
        if not self.connection:
            self.connection, _ = self.listener.accept()
            self.connection.settimeout(20)
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        length, head = 0, b""
        while True:
            if not head and b"\r\n\r\n" in self.received:
                head, _, self.received = self.received.partition(b"\r\n\r\n")
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        length = int(line[15:])
            if head and len(self.received) >= length:
                body, self.received = self.received[:length], self.received[length:]
                return head.split(b" ", 2)[1].decode(), body
            piece = self.connection.recv(65_536)
            if not piece:
                raise BenchError("the function has closed its connection")
            self.received += piece

    def invoke(self, text: bytes) -> bytes:
        """Hands an event to a function that asks for one, and takes the answer."""
        path, _ = self.request()
        if not path.endswith("/invocation/next"):
            raise BenchError(f"the function says {path} when it should ask for an event")
        assert self.connection
        self.count += 1
        self.connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: %d\r\n"
            b"Lambda-Runtime-Deadline-Ms: %d\r\nContent-Length: %d\r\n\r\n%b" % (
                self.count, (time.time() + 60) * 1_000, len(text), text))
        path, answer = self.request()
        if not path.endswith(f"/invocation/{self.count}/response"):
            raise BenchError(f"the function answers {path}: {answer[:500]!r}")
        self.connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        return answer


def start(processes: Processes, api: RuntimeAPI, binary: Path, name: str):
    """A function of this API, on a core of its own."""
    core, _ = cores()
    command = ["/usr/bin/env", f"AWS_LAMBDA_RUNTIME_API={api.address}", binary, "lambda"]
    return processes.start(name, command, core)


def measure_lambda(binary: Path, tool_arguments: str, seconds: float, directory: Path) -> dict:
    """Milliseconds from the start of the process to the answer of its first event, and CPU µs per event, the same call."""
    text = event(tool_arguments)
    # What hands out events must not run on the function's core.
    usable = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores()[1])
    try:
        starts = []
        for number in range(STARTS):
            with Processes(directory) as processes, RuntimeAPI() as api:
                began = time.monotonic()
                start(processes, api, binary, f"lambda-{number}")
                answer = json.loads(api.invoke(text))
                starts.append((time.monotonic() - began) * 1_000)
                if answer["statusCode"] != 200 or '"PARIS"' not in answer["body"]:
                    raise BenchError(f"the function answers {answer}")
        with Processes(directory) as processes, RuntimeAPI() as api:
            process = start(processes, api, binary, "lambda")
            for _ in range(200):
                api.invoke(text)
            count, cpu, began = 0, cpu_seconds(process.pid), time.monotonic()
            while time.monotonic() - began < seconds:
                api.invoke(text)
                count += 1
            cpu = cpu_seconds(process.pid) - cpu
    finally:
        os.sched_setaffinity(0, usable)
    return {
        "lambdaStartMilliseconds": median(starts), "lambdaSlowestStartMilliseconds": max(starts),
        "lambdaCPUMicrosecondsPerEvent": cpu / count * 1_000_000, "lambdaEvents": count}
