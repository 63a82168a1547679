"""Events as the fronts of Lambda spell them, with the members that AWS documents, and the requests that they carry."""

from __future__ import annotations

import json
from typing import Any

Event = dict[str, Any]

ACCEPT = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
"""What every client of MCP sends along."""


def modern(tool: str, arguments: dict[str, Any], *, with_progress: bool = False) -> tuple[dict[str, str], str]:
    """Header fields and body of a tool's call in the stateless era."""
    meta: dict[str, Any] = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
    if with_progress:
        meta["progressToken"] = 1
    call = {
        "jsonrpc": "2.0", "id": 7, "method": "tools/call",
        "params": {"name": tool, "arguments": arguments, "_meta": meta}}
    fields = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": tool}
    return {**ACCEPT, **fields}, json.dumps(call)


def legacy(method: str, parameters: dict[str, Any]) -> tuple[dict[str, str], str]:
    """Header fields and body of a request in the era of sessions."""
    return dict(ACCEPT), json.dumps({"jsonrpc": "2.0", "id": "a", "method": method, "params": parameters})


def rest(method: str, path: str, fields: dict[str, str] | None = None, body: str | None = None) -> Event:
    """From the REST API of template.yaml, payload 1.0; the caller has signed."""
    fields = {"Host": "abcde12345.execute-api.eu-west-1.amazonaws.com", "X-Forwarded-Proto": "https", **(fields or {})}
    return {
        "resource": path, "path": path, "httpMethod": method,
        "headers": fields, "multiValueHeaders": {name: [value] for name, value in fields.items()},
        "queryStringParameters": None, "multiValueQueryStringParameters": None,
        "pathParameters": None, "stageVariables": None,
        "requestContext": {
            "resourceId": "a1b2c3", "resourcePath": path, "httpMethod": method, "path": f"/live{path}", "stage": "live",
            "accountId": "123456789012", "protocol": "HTTP/1.1", "apiId": "abcde12345",
            "domainName": fields["Host"], "requestId": "8f6a1f5e-2d0c-4f0e-9f2e-3d6c5b4a3f2e", "extendedRequestId": "AbCdEfGh=",
            "identity": {
                "accountId": "123456789012", "accessKey": "ASIAEXAMPLE", "caller": "AROAEXAMPLE:client",
                "userArn": "arn:aws:sts::123456789012:assumed-role/client/client", "sourceIp": "203.0.113.7",
                "userAgent": "client/1.0"},
        },
        "body": body, "isBase64Encoded": False,
    }


def http_api(method: str, path: str, fields: dict[str, str] | None = None, body: str | None = None) -> Event:
    """From an HTTP API, payload 2.0, with a stage that has a name: then the path begins with it."""
    host = "abcde12345.execute-api.eu-west-1.amazonaws.com"
    event = _version2(method, f"/live{path}", host, fields, body)
    event["routeKey"] = f"{method} {path}"
    event["requestContext"] |= {"stage": "live", "routeKey": event["routeKey"]}
    return event


def function_url(method: str, path: str, fields: dict[str, str] | None = None, body: str | None = None) -> Event:
    """From the Function URL of template.yaml; the caller has signed."""
    event = _version2(method, path, "abcdefghijklmnop.lambda-url.eu-west-1.on.aws", fields, body)
    event["requestContext"]["authorizer"] = {
        "iam": {
            "accessKey": "ASIAEXAMPLE", "accountId": "123456789012", "callerId": "AROAEXAMPLE:client",
            "userArn": "arn:aws:sts::123456789012:assumed-role/client/client", "userId": "AROAEXAMPLE:client"}}
    return event


def _version2(method: str, path: str, host: str, fields: dict[str, str] | None, body: str | None) -> Event:
    event: Event = {
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": {"host": host, "x-forwarded-proto": "https", **(fields or {})},
        "requestContext": {
            "accountId": "123456789012", "apiId": host.split(".")[0], "domainName": host, "stage": "$default",
            "routeKey": "$default", "requestId": "8f6a1f5e-2d0c-4f0e-9f2e-3d6c5b4a3f2e", "timeEpoch": 1785000000000,
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7",
                "userAgent": "client/1.0"},
        },
        "isBase64Encoded": False,
    }
    if body is not None:
        event["body"] = body
    return event
