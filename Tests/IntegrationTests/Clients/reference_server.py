"""A server of the official SDK with the same tools: what clients are tried against, and a backend that is not ours.

usage: reference_server.py NAME [--stateless] [--json]
prints {"message": "listening", "address": "127.0.0.1:PORT"} when it is ready
"""

import json
import socket
import sys
from datetime import datetime, timezone
from typing import Any

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations
from pydantic import BaseModel


class Processed(BaseModel):
    operation: str
    input_size: int
    processed_at: str
    result: Any


class Health(BaseModel):
    status: str
    timestamp: str
    uptime_seconds: float
    environment: str


def now() -> str:
    return datetime.now(timezone.utc).isoformat()


def make_server(name: str) -> MCPServer:
    server = MCPServer(name, version="1")
    harmless = ToolAnnotations(read_only_hint=True, idempotent_hint=True)

    @server.tool(annotations=harmless)
    def process_data(data: dict[str, Any], operation: str) -> Processed:
        """Transforms, validates or analyzes an object."""
        results = {
            "transform": lambda: {k: v.upper() if isinstance(v, str) else v for k, v in data.items()},
            "validate": lambda: all(v is not None for v in data.values()),
            "analyze": lambda: sorted(data),
        }
        result = results.get(operation, lambda: data)()
        return Processed(
            operation=operation, input_size=len(json.dumps(data)), processed_at=now(), result=result)

    @server.tool(annotations=harmless)
    def health_check() -> Health:
        """Tells how the server is."""
        return Health(status="healthy", timestamp=now(), uptime_seconds=0, environment="test")

    @server.resource("monitoring://metrics")
    def metrics() -> str:
        return "mcp_requests_total 1\n"

    return server


if __name__ == "__main__":
    name, *flags = sys.argv[1:]
    app = make_server(name).streamable_http_app(
        stateless_http="--stateless" in flags, json_response="--json" in flags)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    address = "127.0.0.1:%d" % listener.getsockname()[1]
    print(json.dumps({"message": "listening", "address": address}), flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on")).run(sockets=[listener])
