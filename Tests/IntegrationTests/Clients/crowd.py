"""Many clients of the official SDK at once, whose calls each check that the answer is their own.

All clients count their JSON-RPC ids from the same number, so that ids collide all the time.

usage: crowd.py URL MODE CLIENTS CALLS     CALLS: of all clients together; each client has its share under way at once
prints {"protocolVersion": "…", "answered": N, "crossed": [...], "failed": [...], "servers": {"tools-1": N, ...}}
"""

import json
import sys
import zlib
from collections import Counter

import anyio
from mcp import Client
from servers import judged


class Crowd:
    def __init__(self, url: str, mode: str, client_count: int, call_count: int) -> None:
        self.url, self.mode = url, mode
        self.client_count = client_count
        self.share = call_count // client_count
        self.answered = 0
        self.crossed: list[str] = []
        self.failed: list[str] = []
        self.servers: Counter[str] = Counter()
        self.version = ""
        self.connected = 0
        self.all_connected = anyio.Event()

    async def run(self) -> dict:
        with anyio.fail_after(100):
            async with anyio.create_task_group() as group:
                for number in range(self.client_count):
                    group.start_soon(self.attend, number)
        return {
            "protocolVersion": self.version,
            "answered": self.answered,
            "crossed": self.crossed,
            "failed": self.failed,
            "servers": dict(self.servers),
        }

    async def attend(self, number: int) -> None:
        async with Client(self.url, mode=self.mode, read_timeout_seconds=60, cache=None) as client:
            self.version = client.protocol_version
            self.connected += 1
            if self.connected == self.client_count:
                self.all_connected.set()
            await self.all_connected.wait()
            async with anyio.create_task_group() as group:
                for call in range(self.share):
                    group.start_soon(self.call, client, f"client {number} call {call}")

    async def call(self, client: Client, mark: str) -> None:
        try:
            # Answers of different sizes, so that they overtake one another.
            data = {"mark": mark, "padding": "x" * (zlib.crc32(mark.encode()) % 5_000)}
            result = await client.call_tool("process_data", {"data": data, "operation": "transform"})
        except Exception as error:
            self.failed.append(f"{mark}: {error!r}")
            return
        self.answered += 1
        got = (result.structured_content or {}).get("result", {}).get("mark")
        if got != mark.upper():
            self.crossed.append(f"{mark}: {got}")
        info = (result.meta or {}).get("io.modelcontextprotocol/serverInfo") or {}
        self.servers[info.get("name") or (client.server_info.name if client.server_info else "unknown")] += 1


if __name__ == "__main__":
    url, mode, client_count, call_count = sys.argv[1:]
    print(json.dumps(judged(anyio.run(Crowd(url, mode, int(client_count), int(call_count)).run))))
