"""Lets the official SDK be asked everything that a server can ask a client, and reports the answers as one JSON object.

usage: asking.py SERVER MODE       SERVER: a URL, or the path of mcp-tool-server, which then runs over standard input and output
                                   MODE: legacy, auto, or a modern revision such as 2026-07-28

The server must offer its specimens (mcp-tool-server --everything).
"""

import json
import sys

import anyio
from mcp import Client, MCPError
from mcp.types import CreateMessageResult, ElicitResult, ListRootsResult, Root, TextContent
from servers import judged, target

ANSWERS = {
    "name": "Ann", "color": "blue", "ok": True, "context": "the sea", "username": "ann", "email": "ann@example.org",
    "untitledSingle": "option1", "titledSingle": "value1", "legacyEnum": "opt1", "untitledMulti": ["option1", "option2"],
    "titledMulti": ["value2"]}


async def visit(server: str, mode: str) -> dict:
    report: dict = {"asked": []}

    async def elicit(context, params):
        report["asked"].append(params.message)
        if params.message == "no":
            return ElicitResult(action="decline")
        properties = params.requested_schema["properties"]
        # As a user would who leaves what is there.
        content = {name: schema.get("default", ANSWERS.get(name)) for name, schema in properties.items()}
        return ElicitResult(action="accept", content=content)

    async def sample(context, params):
        question = params.messages[0].content.text
        report["asked"].append(question)
        return CreateMessageResult(
            role="assistant", content=TextContent(type="text", text=f"answer to {question}"), model="test")

    async def roots(context):
        report["asked"].append("roots")
        return ListRootsResult(roots=[Root(uri="file:///home/ann", name="home")])

    everything = {"elicitation_callback": elicit, "sampling_callback": sample, "list_roots_callback": roots}

    async def text(client, tool: str, **arguments) -> str:
        result = await client.call_tool(tool, arguments)
        return ("error: " if result.is_error else "") + result.content[0].text

    async with Client(target(server), mode=mode, read_timeout_seconds=20, cache=None, **everything) as client:
        report["protocolVersion"] = client.protocol_version
        report["sampling"] = await text(client, "test_sampling", prompt="why?")
        report["elicitation"] = await text(client, "test_elicitation", message="who?")
        report["declined"] = await text(client, "test_elicitation", message="no")
        report["defaults"] = await text(client, "test_elicitation_sep1034_defaults")
        report["enums"] = await text(client, "test_elicitation_sep1330_enums")
        report["rounds"] = {
            name: await text(client, f"test_input_required_result_{name}")
            for name in (
                "elicitation", "sampling", "list_roots", "request_state", "multiple_inputs", "multi_round",
                "tampered_state", "capabilities")}
        prompt = await client.get_prompt("test_input_required_result_prompt")
        report["prompt"] = prompt.messages[0].content.text
        report["reconnection"] = await text(client, "test_reconnection")
        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:
                async def one(index: int) -> None:
                    report.setdefault("parallel", []).append(
                        await text(client, "test_sampling", prompt=f"number {index}") == f"LLM response: answer to number {index}")

                for index in range(10):
                    group.start_soon(one, index)

    async with Client(target(server), mode=mode, read_timeout_seconds=20, cache=None) as client:
        try:
            report["missing"] = await text(client, "test_missing_capability")
        except MCPError as error:
            report["missing"] = [error.code, error.data]
        report["capabilities"] = await text(client, "test_input_required_result_capabilities")
    return report


if __name__ == "__main__":
    print(json.dumps(judged(anyio.run(visit, *sys.argv[1:]))))
