"""The figures: what is done to a gateway, and what it may cost ("Memory and flow" of the requirements)."""

from __future__ import annotations

import hashlib
import http.client
import socket
import ssl
import threading
import time

from clients import FIRST_ID, await_ends, call, call_each, close_all, connect, read_all, sealed_call
from measure_server import ARGUMENTS, EVENTS, carry_events, initialize, open_stream
from peers import make_certificate
from process_memory import Growth, socket_kib
from running_gateway import Bench, Figure, Others, Sizes

KIB_PER_MIB = 1_024
BODY_BYTES = 4 << 20  # the default of limits.max_body
HEAD_TIMEOUT = 10  # seconds, as that of a body in which nothing comes
STALL_TIMEOUT = 30
LISTEN = (
    '{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"_meta":'
    '{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}')


def idle_connections(bench: Bench, sizes: Sizes) -> list[Figure]:
    """Connections that have made one call and stay open."""
    gateway = bench.gateway(bench.cheap_backend())
    gateway.warm_up()
    baseline = Others(gateway, sizes.others_seconds).figures()[0]
    at_rest, growth, sockets = gateway.descriptors(), Growth(gateway.pid), socket_kib()
    clients, wrong = call_each(gateway.port, range(sizes.idle), keep=True)
    grown, kernel = growth.now_kib(), socket_kib() - sockets
    others = Others(gateway, sizes.others_seconds).figures()
    # Each of them is still served.
    sample = clients[::max(1, len(clients) // 100)]
    for number, client in enumerate(sample):
        client.setblocking(True)
        client.sendall(call(number))
    alive = sum(answer.is_whole and answer.status == 200 for answer in read_all(sample, 10))
    wrong_later = len(sample) - alive
    close_all(clients)
    return [
        Figure("memory of each", grown / sizes.idle, "KiB", 24),
        Figure("kernel's memory of each, both ends", max(0, kernel) / sizes.idle, "KiB"),
        Figure("p99 of other clients' calls before", baseline.value, "ms"), *others,
        Figure("first calls that failed", wrong, "", 0),
        Figure("of 100 of them, second calls that failed", wrong_later, "", 0),
        Figure("descriptors more than before, afterwards", gateway.descriptors_above(at_rest), "", 0),
        Figure("memory that stays afterwards", growth.now_kib() / KIB_PER_MIB, "MiB"), gateway.mistakes()]


def idle_sealed_connections(bench: Bench, sizes: Sizes) -> list[Figure]:
    """The same with TLS, one after another: a handshake takes a millisecond of the gateway's."""
    certificate = make_certificate(bench.processes.directory)
    gateway = bench.gateway(bench.cheap_backend(), certificate)
    trust = ssl.create_default_context(cafile=certificate)
    clients = [sealed_call(trust, gateway.port, number) for number in range(100)]
    at_rest, growth = gateway.descriptors(), Growth(gateway.pid)
    more = [sealed_call(trust, gateway.port, number) for number in range(sizes.streams)]
    grown = growth.now_kib()
    close_all(client for client in more if client)
    wrong = sum(client is None for client in clients + more)
    above = gateway.descriptors_above(at_rest)
    close_all(client for client in clients if client)
    return [
        Figure("memory of each", grown / sizes.streams, "KiB", 64), Figure("calls that failed", wrong, "", 0),
        Figure("descriptors more than before, afterwards", above, "", 0), gateway.mistakes()]


def listen_streams(bench: Bench, sizes: Sizes) -> list[Figure]:
    """Streams without traffic: subscriptions/listen."""
    return _streams(bench, sizes, lambda gateway, _: open_stream(gateway.port, (
        f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n"
        f"Mcp-Method: subscriptions/listen\r\nContent-Length: {len(LISTEN)}\r\n\r\n{LISTEN}")))


def session_streams(bench: Bench, sizes: Sizes) -> list[Figure]:
    """The same for legacy clients: a session and its GET stream."""

    def open_session(gateway, connection: http.client.HTTPConnection) -> socket.socket:
        _, session = initialize(connection)
        return open_stream(gateway.port, (
            f"GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nMcp-Session-Id: {session}\r\n\r\n"))

    return _streams(bench, sizes, open_session)


def _streams(bench: Bench, sizes: Sizes, open_one) -> list[Figure]:
    gateway = bench.gateway(bench.tool_server())
    gateway.page("/metrics")
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    # What is held once for all is there before the first that counts.
    first = [open_one(gateway, connection) for _ in range(10)]
    growth = Growth(gateway.pid)
    streams = [open_one(gateway, connection) for _ in range(sizes.streams)]
    grown = growth.now_kib()
    others = Others(gateway, sizes.others_seconds, ARGUMENTS).figures()
    carry_events(connection, first + streams)
    used = growth.now_kib()
    close_all(first + streams)
    return [
        Figure("memory of each, both sides", grown / sizes.streams, "KiB", 64),
        Figure(f"memory of each after {EVENTS} events", used / sizes.streams, "KiB", 64), *others,
        Figure("memory that stays afterwards", growth.now_kib() / KIB_PER_MIB, "MiB"), gateway.mistakes()]


def _json_body(number: int, size: int) -> bytes:
    """What the backend answers, from the first byte to the last."""
    before = b'{"jsonrpc":"2.0","id":%d,"result":{"resultType":"complete","content":[{"type":"text","text":"' % (FIRST_ID + number)
    after = b'"}],"isError":false}}'
    return before + b"x" * (size - len(before) - len(after)) + after


def _stream_body(number: int, size: int, events: int) -> bytes:
    """The same as a stream: progress, then the result."""
    progress = b"".join(
        b'event: message\ndata: {"jsonrpc":"2.0","method":"notifications/progress","params":'
        b'{"progressToken":"bench","progress":%d,"total":%d}}\n\n' % (count, events) for count in range(1, events))
    return progress + b"event: message\ndata: " + _json_body(number, size) + b"\n\n"


def slow_readers(bench: Bench, sizes: Sizes) -> list[Figure]:
    """Clients that ask for a large JSON answer, read nothing for a while, and then all of it."""
    return _slow_readers(bench, sizes, 0, sizes.answer_bytes)


def slow_stream_readers(bench: Bench, sizes: Sizes) -> list[Figure]:
    """The same with an answer of as many bytes that is an event stream."""
    # An event is 132 bytes with its numbers; the last one may have 1 MiB.
    return _slow_readers(bench, sizes, sizes.answer_bytes // 150, 900_000)


def _slow_readers(bench: Bench, sizes: Sizes, events: int, size: int) -> list[Figure]:
    gateway = bench.gateway(bench.cheap_backend("--size", size, "--events", events))
    gateway.page("/metrics")

    def ask(count: int) -> list[socket.socket]:
        clients = [connect(gateway.port, number, receive_buffer=65_536) for number in range(count)]
        for number, client in enumerate(clients):
            client.sendall(call(number, progress=events > 0))
        return clients

    def wrong_among(clients: list[socket.socket]) -> tuple[int, int]:
        wrong = bytes_each = 0
        for number, answer in enumerate(read_all(clients, 50)):
            expected = _stream_body(number, size, events) if events else _json_body(number, size)
            bytes_each = len(expected)
            wrong += not (answer.is_whole and answer.status == 200 and answer.length == bytes_each
                          and answer.digest.digest() == hashlib.sha256(expected).digest())
        return wrong, bytes_each

    first = ask(2)
    wrong, _ = wrong_among(first)
    close_all(first)
    growth, sockets = Growth(gateway.pid), socket_kib()
    clients = ask(sizes.readers)
    time.sleep(4)
    held, held_peak, kernel = growth.now_kib(), growth.peak_kib(), socket_kib() - sockets
    wrong_later, bytes_each = wrong_among(clients)
    close_all(clients)
    figures = [
        Figure("bytes of each answer", bytes_each / (1 << 20), "MiB"),
        Figure("memory of each while nothing is read", held / sizes.readers, "KiB", 1_024),
        Figure("  at most until then", held_peak / sizes.readers, "KiB", 1_024),
        Figure("  at most, with the reading", growth.peak_kib() / sizes.readers, "KiB", 1_024),
        Figure("kernel's memory of each, both sides and the backend's", max(0, kernel) / sizes.readers, "KiB"),
        Figure("answers that were not whole and right", wrong + wrong_later, "", 0),
        Figure("memory that stays afterwards", growth.now_kib() / KIB_PER_MIB, "MiB")]
    if sizes.waits:
        at_rest = gateway.descriptors()
        stalled, began = ask(8), time.monotonic()
        time.sleep(2)
        while gateway.descriptors() > at_rest and time.monotonic() < began + 2 * STALL_TIMEOUT + 10:
            time.sleep(0.1)
        figures.append(Figure("one that never reads is closed after", time.monotonic() - began, "s", STALL_TIMEOUT + 2))
        figures.append(Figure("descriptors of such that stay", gateway.descriptors_above(at_rest), "", 0))
        close_all(stalled)
    return figures + [gateway.mistakes()]


def short_connections(bench: Bench, sizes: Sizes) -> list[Figure]:
    """Connect, one call, close."""
    gateway = bench.gateway(bench.cheap_backend())
    gateway.warm_up()
    at_rest, growth = gateway.descriptors(), Growth(gateway.pid)
    _, wrong = call_each(gateway.port, range(sizes.short), keep=False)
    return [
        Figure("memory more than before, at most", growth.peak_kib() / KIB_PER_MIB, "MiB", 64),
        Figure("memory that stays afterwards", growth.now_kib() / KIB_PER_MIB, "MiB", 64),
        Figure("descriptors more than before", gateway.descriptors_above(at_rest), "", 0),
        *([Figure("connections to the backend that stay", gateway.backend_connections_left(), "", 0)] if sizes.waits else []),
        Figure("calls that failed", wrong, "", 0), gateway.mistakes()]


def slow_heads_and_bodies(bench: Bench, sizes: Sizes) -> list[Figure]:
    """Heads that come byte by byte, and bodies that stop in the middle."""
    gateway = bench.gateway(bench.cheap_backend())
    gateway.warm_up()
    at_rest, growth = gateway.descriptors(), Growth(gateway.pid)
    began = time.monotonic()
    whole = call(0, length=100_000)
    heads = [connect(gateway.port, number) for number in range(sizes.slow_heads)]
    bodies = [connect(gateway.port, number) for number in range(sizes.stalled_bodies)]
    for client in heads:
        client.sendall(whole[:40])
    for client in bodies:
        client.sendall(whole[:50_000])
    opened = time.monotonic() - began
    ended = threading.Event()

    def trickle() -> None:
        position = 40
        while not ended.wait(0.5):
            for client in heads:
                try:
                    client.send(whole[position:position + 1])
                except OSError:
                    pass  # it has been closed, which is what is waited for
            position += 1

    trickling = threading.Thread(target=trickle, daemon=True)
    trickling.start()
    others = Others(gateway, 6).figures()
    grown = growth.peak_kib()
    limit = HEAD_TIMEOUT + 2
    ends = await_ends(heads + bodies, began + opened + limit + 5 - time.monotonic())
    latest = time.monotonic() - began - opened
    ended.set()
    trickling.join()
    close_all(heads + bodies)
    return [
        *others, Figure("memory of all of them, at most", grown / KIB_PER_MIB, "MiB"),
        Figure("the last of them was closed after", latest, "s", limit),
        Figure("of them not closed", sizes.slow_heads + sizes.stalled_bodies - len(ends), "", 0),
        Figure("descriptors more than before", gateway.descriptors_above(at_rest), "", 0),
        Figure("memory that stays afterwards", growth.now_kib() / KIB_PER_MIB, "MiB"), gateway.mistakes()]


def endless_answers(bench: Bench, sizes: Sizes) -> list[Figure]:
    """A backend that sends without end: what each kind of answer comes to, and what the client sees of it."""
    figures = []
    for tool, words, bound in (
            ("endless_body", "a JSON body", 1), ("endless_body_without_id", "a JSON body without an id", 33),
            ("endless_event", "one event", 2)):
        gateway = bench.gateway(bench.endless_backend())
        gateway.page("/metrics")
        growth = Growth(gateway.pid)
        began = time.monotonic()
        client = connect(gateway.port, 0)
        client.sendall(call(0, tool))
        answer = read_all([client], 40)[0]
        close_all([client])
        refused = answer.status == 502 or not answer.is_whole or b'"error"' in answer.start
        figures += [
            Figure(f"memory of {words} that does not end", growth.peak_kib() / KIB_PER_MIB, "MiB", bound),
            Figure("  of which the client has had", answer.length / (1 << 20), "MiB", 32),
            Figure("  until it was refused or cut", time.monotonic() - began, "s", 30),
            Figure("  answers that looked well", 0 if refused else 1, "", 0),
            Figure("  status", answer.status, ""), gateway.mistakes()]
        bench.processes.stop_all()
    return figures


def slow_uploads(bench: Bench, sizes: Sizes) -> list[Figure]:
    """Bodies of the largest size that come slowly, all at the same time."""
    gateway = bench.gateway(bench.cheap_backend())
    gateway.warm_up()
    growth = Growth(gateway.pid)
    clients = [connect(gateway.port, number) for number in range(sizes.uploads)]
    request = call(0, length=BODY_BYTES)
    last = len(request) - 1_024
    for start in range(0, last, 131_072):
        for client in clients:
            client.sendall(request[start:min(start + 131_072, last)])
    held = growth.now_kib()
    for client in clients:
        client.sendall(request[last:])
    wrong = sum(not (answer.is_whole and answer.status == 200) for answer in read_all(clients, 30))
    close_all(clients)
    return [
        Figure("memory of each when all but 1 KiB has come", held / sizes.uploads, "KiB", 4_096 + 256),
        Figure("  at most, with the sending on", growth.peak_kib() / sizes.uploads, "KiB", 4_096 + 2 * 256),
        Figure("calls that failed", wrong, "", 0),
        Figure("memory that stays afterwards", growth.now_kib() / KIB_PER_MIB, "MiB"), gateway.mistakes()]
