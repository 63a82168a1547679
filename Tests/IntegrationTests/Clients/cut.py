"""Lets the official SDK make calls whose event streams are cut on the way, and reports what it got as one JSON object.

usage: cut.py URL       URL: a server that offers its specimens (mcp-tool-server --everything), or a gateway before one

Between the SDK and the server stands a proxy that passes bytes on, and cuts the connection of a call in the middle of its
answer: with a reset, as a machine that has gone does; by closing it, as a process that has ended does; or with a proper end of
the body, as a proxy may that has lost its server. The call itself goes on in the server.
"""

import asyncio
import json
import re
import socket
import struct
import sys
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import anyio
from mcp import Client
from servers import judged


@dataclass
class Cut:
    """One call, and where the streams of its answer are cut: the first in the answer itself, the next after each return."""

    how: str
    # Events that get through before each cut.
    after: list[int]
    # Whether half of one more event gets through.
    in_event: bool = False
    # What the SDK asked to go on behind.
    resumed: list[str] = field(default_factory=list)
    # The last event that got through before each cut.
    behind: list[str] = field(default_factory=list)


# The answer of test_tool_with_progress has five events: one without data, three times progress, the result.
CUTS = [Cut(how, [after]) for how in ("reset", "close", "end") for after in (1, 3, 4)]
CUTS += [Cut(how, [after], in_event=True) for how in ("reset", "close") for after in (1, 4)]
CUTS += [Cut("end", [2, 2, 2])]


async def chunks(reader: asyncio.StreamReader, received: bytes):
    """The chunks of a body of which some has been received."""
    while True:
        while b"\r\n" not in received:
            received += await reader.readexactly(1)
        line, _, received = received.partition(b"\r\n")
        size = int(line, 16)
        while len(received) < size + 2:
            received += await reader.readexactly(size + 2 - len(received))
        if size == 0:
            return
        yield received[:size]
        received = received[size + 2 :]


class Proxy:
    """Passes bytes on, and cuts what it is told to cut."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.cut: Cut | None = None
        self.left: list[int] = []

    def expect(self, cut: Cut) -> None:
        """From now on the streams of a call are cut so."""
        self.cut, self.left = cut, list(cut.after)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client, with one to the server of its own."""
        up_reader, up_writer = await asyncio.open_connection(self.host, self.port)
        # Whether the answer on this connection is one to cut.
        state = {"isCall": False}

        async def up() -> None:
            while data := await reader.read(65_536):
                returned = re.search(rb"(?i)\r\nlast-event-id: *([^\r]*)", data)
                if returned and self.cut:
                    self.cut.resumed.append(returned[1].decode())
                if b'"tools/call"' in data or returned:
                    state["isCall"] = True
                up_writer.write(data)
                await up_writer.drain()

        async def down() -> None:
            while data := await up_reader.read(65_536):
                if not state["isCall"] or not self.cut:
                    writer.write(data)
                    await writer.drain()
                    continue
                while b"\r\n\r\n" not in data:
                    data += await up_reader.read(65_536)
                head, _, rest = data.partition(b"\r\n\r\n")
                writer.write(head + b"\r\n\r\n")
                if b"text/event-stream" not in head:
                    raise RuntimeError(f"no event stream: {head!r}")
                return await answer(self.cut, rest)

        async def answer(cut: Cut, rest: bytes) -> None:
            """Passes an event stream on, each event in a chunk of its own, up to where it is cut."""
            limit = self.left.pop(0) if self.left else None
            text, count, last = b"", 0, ""
            async for piece in chunks(up_reader, rest):
                text += piece
                while b"\n\n" in text:
                    if count == limit:
                        send(text[: text.index(b"\n\n") // 2])
                        return await end(cut, last)
                    event, _, text = text.partition(b"\n\n")
                    count += 1
                    last = next((line[4:].decode() for line in event.split(b"\n") if line.startswith(b"id: ")), last)
                    send(event + b"\n\n")
                    await writer.drain()
                    # Between two events there is no need to wait for the second one.
                    if count == limit and not cut.in_event:
                        return await end(cut, last)
            writer.write(b"0\r\n\r\n")
            state["isCall"] = False
            await down()

        def send(part: bytes) -> None:
            writer.write(b"%x\r\n%b\r\n" % (len(part), part))

        async def end(cut: Cut, last: str) -> None:
            cut.behind.append(last)
            if cut.how == "end":
                writer.write(b"0\r\n\r\n")
            await writer.drain()
            if cut.how == "reset":
                # The client reads first what came before: a reset throws away what has not been read.
                await asyncio.sleep(0.05)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        tasks = [asyncio.ensure_future(up()), asyncio.ensure_future(down())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            pass  # the listener's end
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            up_writer.close()
            writer.close()


async def visit(url: str) -> dict:
    """What comes of every cut."""
    parts = urlsplit(url)
    proxy = Proxy(parts.hostname or "127.0.0.1", parts.port or 80)
    listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    report: dict = {"calls": []}
    async with Client(f"http://127.0.0.1:{port}{parts.path}", mode="legacy", read_timeout_seconds=20, cache=None) as client:
        report["protocolVersion"] = client.protocol_version
        for cut in CUTS:
            progress: list[float] = []

            async def note(done: float, total: float | None, message: str | None) -> None:
                progress.append(done)

            proxy.expect(cut)
            answer = await client.call_tool("test_tool_with_progress", {}, progress_callback=note)
            report["calls"].append({
                "cut": f"{cut.how} after {cut.after}" + (" and a half" if cut.in_event else ""), "count": len(cut.after),
                "behind": cut.behind, "resumed": cut.resumed, "text": answer.content[0].text, "isError": answer.is_error,
                "progress": progress})
    listener.close()
    return report


if __name__ == "__main__":
    print(json.dumps(judged(anyio.run(visit, *sys.argv[1:]))))
