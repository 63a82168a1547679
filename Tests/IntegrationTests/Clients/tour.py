"""One client of the official SDK that does everything a client does, and reports it as one JSON object.

usage: tour.py URL MODE     MODE: legacy, auto, or a modern revision such as 2026-07-28
"""

import json
import sys

import anyio
from mcp import Client, MCPError
from servers import judged

DATA = {"city": "Paris", "visits": 3, "guide": None}


async def visit(url: str, mode: str) -> dict:
    report: dict = {}
    async with Client(url, mode=mode, read_timeout_seconds=20, cache=None) as client:
        report["protocolVersion"] = client.protocol_version
        report["server"] = client.server_info.name if client.server_info else None

        tools = (await client.list_tools()).tools
        report["tools"] = sorted(tool.name for tool in tools)
        report["haveSchemas"] = all(tool.input_schema and tool.output_schema for tool in tools)
        report["readOnly"] = sorted(t.name for t in tools if t.annotations and t.annotations.read_only_hint)

        report["calls"] = {}
        for operation in ("transform", "validate", "analyze", "other"):
            result = await client.call_tool("process_data", {"data": DATA, "operation": operation})
            report["calls"][operation] = {"isError": result.is_error, **(result.structured_content or {})}
        report["health"] = (await client.call_tool("health_check", {})).structured_content

        resources = (await client.list_resources()).resources
        report["resources"] = [str(resource.uri) for resource in resources]
        contents = (await client.read_resource("monitoring://metrics")).contents
        report["resourceText"] = contents[0].text

        try:
            result = await client.call_tool("no_such_tool", {})
            report["unknownTool"] = {"isError": result.is_error}
        except MCPError as error:
            report["unknownTool"] = {"code": error.code, "message": error.message}
        # The connection has survived the error.
        again = await client.call_tool("process_data", {"data": {"a": "b"}, "operation": "transform"})
        report["afterError"] = again.structured_content["result"]
    return report


if __name__ == "__main__":
    print(json.dumps(judged(anyio.run(visit, *sys.argv[1:]))))
