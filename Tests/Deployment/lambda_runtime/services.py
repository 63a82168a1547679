"""Two services of AWS, as far as the function uses them: the Runtime API of Lambda, and Secrets Manager."""

from __future__ import annotations

import json
import queue
import socketserver
import threading
import time
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


@dataclass
class Request:
    """What was received: a chunked body piece by piece, each with the time at which it came."""

    method: str
    path: str
    fields: dict[str, str]
    chunks: list[tuple[float, bytes]] = field(default_factory=list)
    trailers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return b"".join(data for _, data in self.chunks)


class _Service(socketserver.ThreadingTCPServer):
    """Answers on a port of its own while the block lasts."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> _Service:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def answer(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        raise NotImplementedError


class _Connection(socketserver.StreamRequestHandler):
    """One connection: requests in HTTP/1.1, one after another."""

    server: _Service

    def handle(self) -> None:
        try:
            while request := _read(self.rfile):
                status, fields, body = self.server.answer(request)
                head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
                self.wfile.write(f"HTTP/1.1 {status} .\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body)
        except OSError:
            pass


def _read(stream: BinaryIO) -> Request | None:
    line = stream.readline().decode()
    if not line:
        return None
    method, path, _ = line.split(" ", 2)
    request = Request(method, path, _fields(stream))
    if request.fields.get("transfer-encoding") == "chunked":
        while size := int(stream.readline(), 16):
            data = stream.read(size)
            request.chunks.append((time.monotonic(), data))
            if stream.readline() != b"\r\n":
                raise OSError("a chunk does not end where it should")
        request.trailers = _fields(stream)
    else:
        data = stream.read(int(request.fields.get("content-length", "0")))
        request.chunks.append((time.monotonic(), data))
    return request


def _fields(stream: BinaryIO) -> dict[str, str]:
    fields: dict[str, str] = {}
    while (line := stream.readline().decode().strip()):
        name, value = line.split(":", 1)
        fields[name.lower()] = value.strip()
    return fields


class RuntimeAPI(_Service):
    """Hands out events and keeps what comes back for them (Lambda Runtime API, 2018-06-01)."""

    def __init__(self) -> None:
        super().__init__()
        self._events: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        self._answers: queue.Queue[Request] = queue.Queue()
        self._count = 0

    def invoke(self, event: dict[str, Any], seconds: float = 10) -> Request:
        """The function's answer to the event, as it was posted. `queue.Empty` when none comes."""
        self._count += 1
        self._events.put((f"00000000-0000-4000-8000-{self._count:012}", event))
        return self._answers.get(timeout=seconds)

    def answer(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        path = request.path.removeprefix("/2018-06-01/runtime/")
        if (request.method, path) == ("GET", "invocation/next"):
            name, event = self._events.get()
            return 200, {
                "Content-Type": "application/json", "Lambda-Runtime-Aws-Request-Id": name,
                "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 20_000),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:123456789012:function:tools:live",
            }, json.dumps(event).encode()
        if request.method == "POST" and path == f"invocation/00000000-0000-4000-8000-{self._count:012}/response":
            self._answers.put(request)
            return 202, {}, b'{"status":"OK"}'
        return 404, {}, b"{}"


class SecretsManager(_Service):
    """Gives its secret to who asks for it by name, with the right signature (Signature Version 4)."""

    def __init__(self, credentials: Credentials, region: str, arn: str, secret: str) -> None:
        super().__init__()
        self._credentials, self._region, self._arn, self._secret = credentials, region, arn, secret
        self.is_closed = False

    def answer(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        fields = {"Content-Type": "application/x-amz-json-1.1"}
        if self.is_closed or not self._is_signed(request):
            return 400, fields, b'{"__type":"AccessDeniedException","Message":"may not"}'
        target, wanted = request.fields.get("x-amz-target"), json.loads(request.body)
        if target != "secretsmanager.GetSecretValue" or wanted != {"SecretId": self._arn}:
            return 400, fields, b'{"__type":"ResourceNotFoundException","Message":"no such secret"}'
        value = {
            "ARN": self._arn, "CreatedDate": 1.785e9, "Name": "redis-url", "SecretString": self._secret,
            "VersionId": "0", "VersionStages": ["AWSCURRENT"]}
        return 200, fields, json.dumps(value, separators=(",", ":")).encode()

    def _is_signed(self, request: Request) -> bool:
        """Whether the signature is the one that AWS's own library makes of the same request."""
        given = request.fields.get("authorization", "")
        signed = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        if request.fields.get("x-amz-security-token") != self._credentials.token:
            return False
        if not {"host", "x-amz-date", "x-amz-security-token", "x-amz-target", "content-type"} <= set(signed):
            return False
        copy = AWSRequest(
            request.method, f"http://{request.fields['host']}{request.path}", data=request.body,
            headers={name: request.fields[name] for name in signed})
        copy.context["timestamp"] = request.fields["x-amz-date"]
        auth = SigV4Auth(self._credentials, "secretsmanager", self._region)
        text = auth.string_to_sign(copy, auth.canonical_request(copy))
        return given.endswith(f"Signature={auth.signature(text, copy)}")
