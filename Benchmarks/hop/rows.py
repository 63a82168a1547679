"""What is measured: one row of the table each."""

from __future__ import annotations

import json
from dataclasses import dataclass

REQUEST_SIZE = 300
FIRST_ID = 100_000_000_000  # as in drive.lua: twelve digits, like every id that follows


@dataclass(frozen=True)
class Row:
    """One kind of call under one kind of load."""

    name: str
    title: str
    answer_size: int  # bytes of the JSON answer, or of the last event's data
    events: int  # 0: a JSON answer; else an event stream of so many events
    connections: int
    cached: bool = False  # the proxy answers with what it has kept
    limits: str = ""  # where the proxy counts calls against limits that none comes near to: memory, redis
    tls: bool = False  # clients talk through TLS, over connections that are kept

    def measures(self, proxy: str) -> bool:
        """Whether a proxy can do what the row is about."""
        # HAProxy keeps answers to GET only; and what it counts is counted otherwise.
        return proxy != "haproxy" or not (self.cached or self.limits or self.tls)

    def request(self) -> bytes:
        """The body of a call, `REQUEST_SIZE` bytes where that is enough."""
        empty = len(self._request(""))
        return self._request("x" * max(0, REQUEST_SIZE - empty))

    def arguments(self) -> dict:
        """The tool's arguments in that body."""
        return json.loads(self.request())["params"]["arguments"]

    def _request(self, padding: str) -> bytes:
        meta: dict = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        if self.events:
            meta["progressToken"] = "bench"
        message = {
            "jsonrpc": "2.0", "id": FIRST_ID, "method": "tools/call",
            "params": {"name": "process_data", "arguments": {"text": padding}, "_meta": meta},
        }
        return json.dumps(message, separators=(",", ":")).encode()


ROWS = [
    Row("json", "300 B in, 400 B JSON out, 64 connections", 400, 0, 64),
    Row("64KiB", "300 B in, 64 KiB JSON out, 64 connections", 65_536, 0, 64),
    Row("sse", "300 B in, 5 events out, 64 connections", 400, 5, 64),
    Row("1000", "300 B in, 400 B JSON out, 1,000 connections", 400, 0, 1_000),
    Row("cached", "300 B in, 400 B JSON out of the cache, 64 connections", 400, 0, 64, cached=True),
    Row("limits", "300 B in, 400 B JSON out, 64 connections, rate limits in memory", 400, 0, 64, limits="memory"),
    Row("limits-redis", "300 B in, 400 B JSON out, 64 connections, rate limits in Redis", 400, 0, 64, limits="redis"),
    Row("tls", "300 B in, 400 B JSON out, 64 connections with TLS", 400, 0, 64, tls=True),
]
