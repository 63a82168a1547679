#!/usr/bin/env python3
# The files of the Lambda function, run: events of the doors that the template opens, streamed answers, the secret.
# reads: deployments/lambda/bootstrap deployments/lambda/assemble

from __future__ import annotations

import json
import os
import platform
import queue
import re
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import support
from support import ROOT, require

PROGRAMS = support.tools("sam")
sys.path.insert(0, str(Path(__file__).with_suffix("")))

import samcli  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402
from events import Event, function_url, http_api, legacy, modern, rest  # noqa: E402
from services import Request, RuntimeAPI, SecretsManager  # noqa: E402

FUNCTION = support.work() / "function"
SEPARATOR = bytes(8)
"""Between the head of a streamed answer and its body."""

REGION = "eu-west-1"
ARN = f"arn:aws:secretsmanager:{REGION}:123456789012:secret:tools/redis-AbCdEf"
CREDENTIALS = Credentials("ASIAEXAMPLE", "a+secret/key", "a/session+token==")
AS_DEPLOYED = {"LAMBDA_RESPONSE_STREAMING": "true", "ENVIRONMENT": "production", "REDIS_URL_SECRET_ARN": ""}
"""What template.yaml sets."""

DATA = {"data": {"city": "Oslo"}, "operation": "transform"}


def emulator() -> Path:
    """AWS's emulator of Lambda."""
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    program = Path(samcli.__file__).parent / f"local/rapid/aws-lambda-rie-{machine}"
    if not program.exists():
        support.skip(f"there is no emulator of AWS Lambda for {machine}")
    program.chmod(0o755)
    return program


def assemble() -> None:
    """The files as they are in the zip and in the image, around the binary that is there."""
    support.need("objdump", "binutils")
    binary = support.BIN_DIR / "mcp-tool-server"
    glibc = {"NEWEST_GLIBC": platform.libc_ver()[1]}
    subprocess.run(
        [ROOT / "deployments/lambda/assemble", binary, FUNCTION], check=True, env={**os.environ, **glibc})


# Under AWS's emulator


class Emulated:
    """The function under the emulator, for the length of a block. It starts with the first event."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        self._port = support.free_port()
        self._process = support.Process(
            name, emulator(), "--runtime-interface-emulator-address", f"127.0.0.1:{self._port}",
            "--runtime-api-address", f"127.0.0.1:{support.free_port()}", "--log-level", "warn", FUNCTION / "bootstrap",
            environment={"AWS_LAMBDA_FUNCTION_TIMEOUT": "20", "TMPDIR": str(support.work()), **environment})

    def __enter__(self) -> Emulated:
        self._process.start()
        support.wait_for("the emulator", self._is_listening, 20)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stop()

    def _is_listening(self) -> bool:
        socket.create_connection(("127.0.0.1", self._port), 1).close()
        return True

    def invoke(self, event: Event) -> bytes:
        url = f"http://127.0.0.1:{self._port}/2015-03-31/functions/function/invocations"
        with urllib.request.urlopen(url, json.dumps(event).encode(), timeout=30) as answer:
            return answer.read()

    def invoke_streaming(self, event: Event) -> tuple[dict[str, Any], bytes]:
        """Head and body of the answer. The emulator passes on what a door would take apart."""
        head, separator, body = self.invoke(event).partition(SEPARATOR)
        require(separator, f"no head in front of the answer: {head[:200]!r}")
        return json.loads(head), body


def check_rest_api() -> None:
    """Each route of the API, with the settings of the template."""
    with Emulated("rest", AS_DEPLOYED) as function:
        head, body = function.invoke_streaming(rest("POST", "/mcp", *modern("process_data", DATA)))
        require(head["statusCode"] == 200, f"a call: {head}")
        require(json.loads(body)["result"]["structuredContent"]["result"] == {"city": "OSLO"}, f"a call: {body!r}")

        begin = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}
        head, body = function.invoke_streaming(rest("POST", "/mcp", *legacy("initialize", begin)))
        require(head["statusCode"] == 200 and json.loads(body)["id"] == "a", f"a client of sessions: {head} {body!r}")
        require("mcp-session-id" not in head["headers"], "a session is opened, which the next instance would not know")

        for method in ("GET", "DELETE"):
            head, _ = function.invoke_streaming(rest(method, "/mcp", {"accept": "text/event-stream"}))
            require(head["statusCode"] == 405, f"{method} /mcp: {head}")

        head, body = function.invoke_streaming(rest("GET", "/health"))
        health = json.loads(body)
        require(head["statusCode"] == 200 and health["status"] == "healthy", f"/health: {head} {health}")
        require(health["environment"] == "production", f"/health: {health}")

        head, body = function.invoke_streaming(rest("GET", "/metrics"))
        require(head["headers"]["content-type"].startswith("text/plain"), f"/metrics: {head}")
        calls = re.search(rb'^mcp_requests_total\{[^}]*method="tools/call"[^}]*\} 1$', body, re.MULTILINE)
        require(calls, f"/metrics: {body[:500]!r}")


def check_function_url() -> None:
    """The same doors by the Function URL, and an answer of several events."""
    with Emulated("url", AS_DEPLOYED) as function:
        head, body = function.invoke_streaming(function_url("POST", "/mcp", *modern("process_data", DATA)))
        require(head["statusCode"] == 200 and json.loads(body)["id"] == 7, f"a call: {head} {body!r}")
        head, body = function.invoke_streaming(function_url("POST", "/mcp/stream", {"content-type": "application/json"}, json.dumps(DATA)))
        require(head["headers"]["content-type"] == "text/event-stream", f"/mcp/stream: {head}")
        require(body.startswith(b"event: progress\n") and b"event: complete\n" in body, f"/mcp/stream: {body!r}")
        head, _ = function.invoke_streaming(function_url("GET", "/health"))
        require(head["statusCode"] == 200, f"/health: {head}")
        head, _ = function.invoke_streaming(function_url("GET", "/nothing"))
        require(head["statusCode"] == 404, f"/nothing: {head}")


def check_http_api() -> None:
    """An HTTP API, which cannot stream, for who puts one in front: then the function must not stream either."""
    with Emulated("http-api", {"LAMBDA_RESPONSE_STREAMING": "false"}) as function:
        answer = json.loads(function.invoke(http_api("POST", "/mcp", *modern("process_data", DATA))))
        require(answer["statusCode"] == 200 and answer["isBase64Encoded"] is False, f"a call: {answer}")
        require(json.loads(answer["body"])["id"] == 7, f"a call: {answer}")
        for path in ("/health", "/metrics"):
            answer = json.loads(function.invoke(http_api("GET", path)))
            require(answer["statusCode"] == 200, f"{path}: {answer}")


# With our own Runtime API


def runtime(name: str, api: RuntimeAPI, *command: str | Path, environment: dict[str, str]) -> support.Process:
    """The function with our Runtime API, which sees when what arrives."""
    return support.Process(
        name, *command, environment={
            "AWS_LAMBDA_RUNTIME_API": api.address, "TMPDIR": str(support.work()), **AS_DEPLOYED, **environment})


def answered(api: RuntimeAPI, function: support.Process, event: Event) -> Request:
    """The answer to an event; the check fails with the function's log if none comes."""
    try:
        return api.invoke(event)
    except queue.Empty:
        support.fail(f"no answer; the log of the function ({function.name}): {function.output or 'empty'}")


def check_stream() -> None:
    """Progress leaves as it is reported: head and zeros first, then each event in its own time, and the end is proper."""
    with RuntimeAPI() as api:
        # Specimens, since process_data is done at once. They have a flag, so this is not bootstrap.
        server = FUNCTION / "mcp-tool-server"
        with runtime("stream", api, server, "lambda", "--everything", environment={}) as function:
            call = modern("test_tool_with_progress", {}, with_progress=True)
            for _ in range(2):
                require_streamed(answered(api, function, function_url("POST", "/mcp", *call)))


def require_streamed(answer: Request) -> None:
    """What Lambda demands of a streamed answer, and what streaming is for."""
    fields = answer.fields
    require(fields.get("lambda-runtime-function-response-mode") == "streaming", f"not streamed: {fields}")
    require(fields["content-type"] == "application/vnd.awslambda.http-integration-response", f"type: {fields}")
    trailer = fields.get("trailer", "").lower()
    require(
        "lambda-runtime-function-error-type" in trailer and "lambda-runtime-function-error-body" in trailer,
        f"no trailers are announced: {fields}")
    (first, head), *rest_of_it = answer.chunks
    require(head.endswith(SEPARATOR) and head.count(SEPARATOR) == 1, f"the first chunk is not the head: {head!r}")
    require(json.loads(head.removesuffix(SEPARATOR))["statusCode"] == 200, f"head: {head!r}")
    events = [(when, data) for when, data in rest_of_it if b"notifications/progress" in data]
    require(len(events) == 3, f"three reports of progress came in {len(events)} chunks")
    last, data = rest_of_it[-1]
    require(b"Done." in data, f"the result is not the last chunk: {data!r}")
    # The tool pauses for 50 ms behind each report.
    times = [round(when - first, 3) for when, _ in rest_of_it]
    require(last - events[0][0] > 0.1, f"all came at once; seconds behind the head: {times}")
    print(f"seconds behind the head: {times}")
    require(not answer.trailers, f"the answer says that it failed: {answer.trailers}")


def check_secret() -> None:
    """The URL comes out of Secrets Manager by a request that AWS would accept; the credentials are in no argument."""
    support.need("curl", "curl")
    version = re.search(r"curl (\d+)\.(\d+)", subprocess.run(["curl", "--version"], capture_output=True, text=True).stdout)
    if not version or (int(version[1]), int(version[2])) < (7, 87):
        support.skip("all but the secret passed: curl before 7.87 leaves fields out of its signature; Lambda has 8")
    port = support.free_port()
    url = f"redis://:pass-word@127.0.0.1:{port}/0"
    with SecretsManager(CREDENTIALS, REGION, ARN, url) as secrets, RuntimeAPI() as api:
        function = with_secret("secret", api, secrets)
        with function:
            answer = answered(api, function, rest("GET", "/health"))
            health = json.loads(answer.body.partition(SEPARATOR)[2])
            require(health["status"] == "degraded", f"the URL of a Redis that is not there has no effect: {health}")
        arguments = (support.work() / "curl.arguments").read_text()
        require(ARN in arguments, "curl was not the one that was watched")
        for word in (CREDENTIALS.secret_key, CREDENTIALS.token):
            require(word not in arguments, "credentials are in the arguments of curl, for others to see")
        require("pass-word" not in function.output, "the secret is in the log")


def check_secret_refused() -> None:
    """A secret that cannot be read, or is something else, ends the start with a sentence, and is not shown."""
    with SecretsManager(CREDENTIALS, REGION, ARN, '{"url":"redis://pass-word"}') as secrets, RuntimeAPI() as api:
        for name, is_closed, reason in (
            ("not-a-url", False, "is not a URL"), ("refused", True, "AccessDeniedException")):
            secrets.is_closed = is_closed
            with with_secret(name, api, secrets) as function:
                support.wait_for(f"the end of a function without its secret ({name})", lambda: not function.is_running, 20)
                require(function.stop() == 1, f"{name}: the status is not 1: {function.output}")
                require(reason in function.output, f"{name}: the log does not say why: {function.output}")
                require("pass-word" not in function.output, f"{name}: the secret is in the log")


def with_secret(name: str, api: RuntimeAPI, secrets: SecretsManager) -> support.Process:
    """The function with a secret to read, and with a curl that writes its arguments down."""
    folder = support.work() / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "curl").write_text(
        f'#!/bin/bash\nprintf "%s\\n" "$@" >>{support.work()}/curl.arguments\n'
        f'PATH=${{PATH#{folder}:}}\nexec curl "$@"\n')
    (folder / "curl").chmod(0o755)
    return runtime(
        name, api, FUNCTION / "bootstrap", environment={
            "PATH": f"{folder}:{os.environ['PATH']}", "AWS_REGION": REGION, "REDIS_URL_SECRET_ARN": ARN,
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": f"http://{secrets.address}",
            "AWS_ACCESS_KEY_ID": CREDENTIALS.access_key, "AWS_SECRET_ACCESS_KEY": CREDENTIALS.secret_key,
            "AWS_SESSION_TOKEN": CREDENTIALS.token})


def main() -> None:
    assemble()
    check_rest_api()
    check_function_url()
    check_http_api()
    check_stream()
    check_secret_refused()
    check_secret()


if __name__ == "__main__":
    main()
