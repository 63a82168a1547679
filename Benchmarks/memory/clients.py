"""Clients that misbehave in the ways that are measured: plain sockets, so that each byte goes out when it should."""

from __future__ import annotations

import hashlib
import json
import resource
import selectors
import socket
import ssl
import time
from collections.abc import Iterable

from processes import BenchError

MODERN = "2026-07-28"
META = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
#: Twelve digits, for which the backend makes answers of exactly the size that it was told.
FIRST_ID = 100_000_000_000
IP_BIND_ADDRESS_NO_PORT = 24  # linux/in.h: the port is chosen by connect, so that it need be free for one peer only
PATIENCE = 30  # seconds for a peer that has nothing else to do
BATCH = 100  # calls under way at a time


def raise_descriptor_limit(wanted: int) -> None:
    """Allows this process, and those that it starts, so many descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise BenchError(f"{wanted} descriptors are needed and the system allows {hard}: raise it with ulimit -Hn, or use --quick")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def call(number: int, tool: str = "process_data", arguments: dict | None = None, *, progress: bool = False,
         length: int | None = None) -> bytes:
    """A call of the modern era, ready to be sent; with `length`, its body is padded to that many bytes."""
    meta = META | ({"progressToken": "bench"} if progress else {})
    arguments = arguments or {}

    def body(padding: str) -> bytes:
        return json.dumps(
            {"jsonrpc": "2.0", "id": FIRST_ID + number, "method": "tools/call",
             "params": {"name": tool, "arguments": arguments | ({"padding": padding} if length else {}), "_meta": meta}},
            separators=(",", ":")).encode()

    content = body("")
    if length:
        content = body("x" * (length - len(content)))
    head = (
        f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {MODERN}\r\n"
        f"Mcp-Method: tools/call\r\nMcp-Name: {tool}\r\nContent-Length: {len(content)}\r\n\r\n")
    return head.encode() + content


def connect(port: int, number: int, receive_buffer: int = 0) -> socket.socket:
    """A connection from one of 200 addresses, so that ports of ended connections do not run out."""
    client = socket.socket()
    client.settimeout(PATIENCE)
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    client.bind((f"127.0.0.{2 + number % 200}", 0))
    client.connect(("127.0.0.1", port))
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


class Answer:
    """An HTTP answer as it comes in: its status, its body's length and digest, and whether it has come to its end."""

    def __init__(self) -> None:
        self.status = 0
        self.length = 0
        self.digest = hashlib.sha256()
        self.start = b""
        self.is_whole = False
        self._buffer = bytearray()
        self._left = 0  # bytes of the body, or of the chunk
        self._is_chunked = False
        self._in_chunk = False

    def feed(self, data: bytes) -> None:
        """Takes more bytes of the connection."""
        self._buffer += data
        if not self.status and not self._read_head():
            return
        while not self.is_whole and (self._read_chunks() if self._is_chunked else self._read_body()):
            pass

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        lines = bytes(self._buffer[:end]).decode().split("\r\n")
        del self._buffer[:end + 4]
        self.status = int(lines[0].split()[1])
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        self._is_chunked = fields.get("transfer-encoding") == "chunked"
        self._left = int(fields.get("content-length", 0))
        self.is_whole = not self._is_chunked and self._left == 0
        return True

    def _take(self) -> None:
        piece = bytes(self._buffer[:self._left])
        del self._buffer[:len(piece)]
        self._left -= len(piece)
        self.length += len(piece)
        self.digest.update(piece)
        if len(self.start) < 4_096:
            self.start += piece[:4_096]

    def _read_body(self) -> bool:
        self._take()
        self.is_whole = self._left == 0
        return False

    def _read_chunks(self) -> bool:
        if self._in_chunk and self._left:
            self._take()
        if self._left:
            return False
        if self._in_chunk:
            if len(self._buffer) < 2:
                return False
            del self._buffer[:2]
            self._in_chunk = False
        end = self._buffer.find(b"\r\n")
        if end < 0:
            return False
        size = int(bytes(self._buffer[:end]).split(b";")[0], 16)
        if size == 0:
            self.is_whole = self._buffer.endswith(b"\r\n\r\n")
            return False
        del self._buffer[:end + 2]
        self._left, self._in_chunk = size, True
        return True


def read_all(clients: Iterable[socket.socket], seconds: float) -> list[Answer]:
    """Reads one answer from each, all at the same time; those that end early or not at all are not whole."""
    answers: list[Answer] = []
    end = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        waiting = 0
        for client in clients:
            answers.append(Answer())
            client.setblocking(False)
            selector.register(client, selectors.EVENT_READ, answers[-1])
            waiting += 1
        while waiting and time.monotonic() < end:
            for key, _ in selector.select(0.5):
                try:
                    data = key.fileobj.recv(262_144)
                except BlockingIOError:
                    continue
                except OSError:
                    data = b""
                key.data.feed(data)
                if key.data.is_whole or not data:
                    selector.unregister(key.fileobj)
                    waiting -= 1
    return answers


def call_each(port: int, numbers: range, keep: bool) -> tuple[list[socket.socket], int]:
    """A connection and a call each, BATCH at a time; the connections that are kept, and how many calls went wrong."""
    kept: list[socket.socket] = []
    wrong = 0
    for first in range(numbers.start, numbers.stop, BATCH):
        batch = []
        for number in range(first, min(first + BATCH, numbers.stop)):
            batch.append(connect(port, number))
            batch[-1].sendall(call(number))
        wrong += sum(not (answer.is_whole and answer.status == 200) for answer in read_all(batch, PATIENCE))
        if keep:
            kept += batch
        else:
            close_all(batch)
    return kept, wrong


def sealed_call(trust: ssl.SSLContext, port: int, number: int) -> ssl.SSLSocket | None:
    """A connection with TLS that has made a call; none if that went wrong."""
    client = trust.wrap_socket(connect(port, number), server_hostname="127.0.0.1")
    client.sendall(call(number))
    answer = Answer()
    while not answer.is_whole and (data := client.recv(65_536)):
        answer.feed(data)
    if answer.is_whole and answer.status == 200:
        return client
    client.close()
    return None


def await_ends(clients: list[socket.socket], seconds: float) -> list[float]:
    """When each connection was ended by its peer, in seconds from now; those that are not in time are missing."""
    began = time.monotonic()
    ends: list[float] = []
    with selectors.DefaultSelector() as selector:
        for client in clients:
            client.setblocking(False)
            selector.register(client, selectors.EVENT_READ)
        while len(ends) < len(clients) and time.monotonic() < began + seconds:
            for key, _ in selector.select(0.2):
                try:
                    if key.fileobj.recv(65_536):
                        continue
                except BlockingIOError:
                    continue
                except OSError:
                    pass
                selector.unregister(key.fileobj)
                ends.append(time.monotonic() - began)
    return ends


def close_all(clients: Iterable[socket.socket]) -> None:
    """Ends the connections."""
    for client in clients:
        client.close()
