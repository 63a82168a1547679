"""One client of the official SDK that uses what a server offers beside plain calls, and reports it as one JSON object.

usage: features.py SERVER MODE     SERVER: a URL, or the program of a server that speaks over standard input and output
                                   MODE: legacy, auto, or a modern revision such as 2026-07-28

The server must offer its specimens (mcp-tool-server --everything).
"""

import json
import sys

import anyio
from mcp import Client, MCPError
from mcp.types import PromptReference, ResourceTemplateReference
from servers import judged, target


async def visit(server: str, mode: str) -> dict:
    report: dict = {"logs": [], "progress": []}

    async def log(params) -> None:
        report["logs"].append([params.level, params.data])

    async def progress(done: float, total: float | None, message: str | None) -> None:
        report["progress"].append([done, total, message])

    options: dict = {"log_level": "info"} if mode != "legacy" else {}
    async with Client(
        target(server), mode=mode, read_timeout_seconds=20, cache=None, logging_callback=log, **options
    ) as client:
        report["protocolVersion"] = client.protocol_version
        names, cursor, report["pages"] = [], None, 0
        while cursor or not report["pages"]:
            page = await client.list_tools(cursor=cursor)
            names += [tool.name for tool in page.tools]
            cursor = page.next_cursor
            report["pages"] += 1
        report["tools"] = sorted(names)
        report["prompts"] = sorted(prompt.name for prompt in (await client.list_prompts()).prompts)
        report["templates"] = sorted(
            template.uri_template for template in (await client.list_resource_templates()).resource_templates)
        report["resources"] = sorted(str(resource.uri) for resource in (await client.list_resources()).resources)

        await client.call_tool("test_tool_with_progress", {}, progress_callback=progress)
        if client.protocol_version < "2026-07-28":
            await client.set_logging_level("info")
        await client.call_tool("test_tool_with_logging", {})
        mixed = (await client.call_tool("test_multiple_content_types", {})).content
        report["kinds"] = [block.type for block in mixed]
        sound = (await client.call_tool("test_audio_content", {})).content[0]
        report["sound"] = [sound.type, sound.mime_type]
        failed = await client.call_tool("test_error_handling", {})
        report["failed"] = failed.is_error

        # Repeated in the head of a modern call by a client that has seen the schema.
        region = await client.call_tool("test_x_mcp_header", {"region": "eu süd"})
        report["region"] = region.content[0].text

        prompt = await client.get_prompt("test_prompt_with_arguments", {"arg1": "one", "arg2": "two"})
        report["prompt"] = prompt.messages[0].content.text
        try:
            await client.get_prompt("test_prompt_with_arguments", {"arg1": "one"})
        except MCPError as error:
            report["missingArgument"] = error.code
        values = await client.complete(
            PromptReference(type="ref/prompt", name="test_prompt_with_arguments"), {"name": "arg1", "value": "par"})
        report["completions"] = values.completion.values
        values = await client.complete(
            ResourceTemplateReference(type="ref/resource", uri="test://template/{id}/data"),
            {"name": "id", "value": "10"})
        report["ids"] = values.completion.values
        data = (await client.read_resource("test://template/7/data")).contents[0]
        report["data"] = json.loads(data.text)
        binary = (await client.read_resource("test://static-binary")).contents[0]
        report["binary"] = [binary.mime_type, len(binary.blob) > 0]

        # Given up half-way; the connection, and in the session era the session, must survive that.
        with anyio.move_on_after(0.02) as scope:
            await client.call_tool("test_tool_with_progress", {})
        report["givenUp"] = scope.cancelled_caught
        again = await client.call_tool("test_simple_text", {})
        report["afterwards"] = again.content[0].type
    return report


if __name__ == "__main__":
    print(json.dumps(judged(anyio.run(visit, *sys.argv[1:]))))
