"""Lets the official SDK be told of changes, in the manner of each era, and reports what it was told as one JSON object.

usage: watching.py SERVER MODE     SERVER: a URL, or the path of mcp-tool-server, which then runs over standard input and output
                                   MODE: legacy, auto, or a modern revision such as 2026-07-28

The server must offer its specimens (mcp-tool-server --everything).
"""

import json
import sys

import anyio
from mcp import Client
from mcp.client.subscriptions import ListenNotSupportedError
from servers import judged, target

WATCHED = "test://watched-resource"


async def trigger(client) -> None:
    for kind in ("tool", "prompt", "resource"):
        await client.call_tool(f"test_trigger_{kind}_change", {})


async def visit(server: str, mode: str) -> dict:
    report: dict = {}
    told: list = []
    enough = anyio.Event()

    async def take(message) -> None:
        method = getattr(message, "method", "") or getattr(getattr(message, "root", None), "method", "")
        if method.startswith("notifications/"):
            uri = getattr(getattr(message, "params", None), "uri", None)
            told.append([method, str(uri) if uri else None])
            if len(told) >= 3:
                enough.set()

    async with Client(target(server), mode=mode, read_timeout_seconds=20, cache=None, message_handler=take) as client:
        report["protocolVersion"] = client.protocol_version
        if client.protocol_version < "2026-07-28":
            await client.subscribe_resource(WATCHED)
            await trigger(client)
            with anyio.fail_after(15):
                await enough.wait()
            report["told"] = sorted(told)
            del told[:]
            await client.unsubscribe_resource(WATCHED)
            await trigger(client)
            await client.call_tool("test_simple_text", {})
            with anyio.fail_after(15):
                while len(told) < 2:
                    await anyio.sleep(0.01)
            report["toldLess"] = sorted(told)
            try:
                async with client.listen(tools_list_changed=True):
                    pass
            except ListenNotSupportedError:
                report["listens"] = False
        else:
            events: list = []
            async with client.listen(
                tools_list_changed=True, prompts_list_changed=True, resource_subscriptions=[WATCHED]
            ) as subscription:
                async with client.listen(prompts_list_changed=True) as other:
                    await trigger(client)
                    with anyio.fail_after(15):
                        while len(events) < 3:
                            event = await anext(subscription)
                            events.append([type(event).__name__, getattr(event, "uri", None)])
                        report["other"] = type(await anext(other)).__name__
            report["told"] = sorted(events)
            # The client has left its subscriptions, and goes on.
            report["afterwards"] = (await client.call_tool("test_simple_text", {})).content[0].type
    return report


if __name__ == "__main__":
    print(json.dumps(judged(anyio.run(visit, *sys.argv[1:]))))
