"""An MCP client of the checks: one call at a time, and an answer that belongs to no other call."""

from __future__ import annotations

import json
import re
import urllib.request


def call(port: int, number: int) -> None:
    """Calls a tool once, statelessly, at this machine's port; raises unless it is answered as it should be."""
    body = {
        "jsonrpc": "2.0", "id": number, "method": "tools/call",
        "params": {
            "name": "process_data", "arguments": {"data": {"city": f"oslo {number}"}, "operation": "transform"},
            "_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}},
        },
    }
    request = urllib.request.Request(f"http://127.0.0.1:{port}/mcp", data=json.dumps(body).encode(), headers={
        "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "process_data"})
    with urllib.request.urlopen(request, timeout=20) as response:
        text = response.read().decode()
    events = re.findall(r"^data: *(.+)$", text, re.MULTILINE)
    answer = json.loads(events[-1] if events else text)
    if answer.get("id") != number or f"OSLO {number}" not in json.dumps(answer.get("result")):
        raise ValueError(f"call {number} got {answer}")
