"""An MCP server whose answers to calls of tools do not end.

usage: endless_backend.py

The name of the tool says how: `endless_body` is a JSON answer that begins as it should, `endless_body_without_id` one whose id
is never reached, `endless_event` a stream with one event. What it would send is bounded all the same: MOST bytes, then the
connection is cut. Listens on 127.0.0.1 and says where, as one JSON line. Ends on SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import signal

MOST = 256 << 20
PIECE = b"x" * 65_536
DISCOVERED = {
    "resultType": "complete",
    "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "endless", "version": "1"}},
    "supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, "ttlMs": 0, "cacheScope": "public"}
HEAD = "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nTransfer-Encoding: chunked\r\n\r\n"


def beginning(tool: str, identifier: object) -> tuple[str, bytes]:
    """The media type of an endless answer, and what comes before the padding."""
    text = '"result":{"resultType":"complete","content":[{"type":"text","text":"'
    whole = f'{{"jsonrpc":"2.0","id":{json.dumps(identifier)},{text}'
    if tool == "endless_event":
        return "text/event-stream", f"event: message\ndata: {whole}".encode()
    return "application/json", (whole if tool == "endless_body" else f"{{{text}").encode()


async def send_endless(writer: asyncio.StreamWriter, tool: str, identifier: object) -> None:
    """Sends until the gateway has had enough."""
    media_type, start = beginning(tool, identifier)
    writer.write(HEAD.format(media_type).encode() + b"%x\r\n%b\r\n" % (len(start), start))
    chunk = b"%x\r\n%b\r\n" % (len(PIECE), PIECE)
    for _ in range(MOST // len(PIECE)):
        writer.write(chunk)
        await writer.drain()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            lengths = [line.split(":")[1] for line in head.split("\r\n") if line.startswith("content-length:")]
            body = await reader.readexactly(int(lengths[0]) if lengths else 0)
            message = json.loads(body) if body else {}
            if message.get("method") == "tools/call":
                await send_endless(writer, message["params"]["name"], message["id"])
                return
            answer = json.dumps({"jsonrpc": "2.0", "id": message.get("id"), "result": DISCOVERED}).encode()
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass  # the gateway has closed the connection, which is what is wanted
    finally:
        writer.close()


async def main() -> None:
    """Serves until it is asked to end."""
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"message": "listening", "listener": "mcp", "address": f"127.0.0.1:{port}"}), flush=True)
    await ending.wait()


if __name__ == "__main__":
    asyncio.run(main())
