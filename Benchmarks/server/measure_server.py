"""What the tool server costs: memory when idle, per open stream and per session, CPU time per call, and all of it on AWS Lambda.

Run by scripts/measure-server, which installs and builds what this needs.
"""

from __future__ import annotations

import argparse
import http.client
import json
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Benchmarks" / "hop"))

import peers  # noqa: E402
from measure_lambda import measure_lambda  # noqa: E402
from peers import Peer, listening_port  # noqa: E402
from processes import BenchError, Processes, cores, free_port  # noqa: E402
from rows import ROWS  # noqa: E402

ARGUMENTS = json.dumps({"data": {"city": "Paris", "visits": 3, "guide": None}, "operation": "transform"})
MODERN = "2026-07-28"
META = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
# What must not be exceeded.
IDLE_MIB = 25
STREAM_KIB = 64
COST_RATIO = 1.5
# What each stream has carried when its memory is measured for the second time.
EVENTS = 10


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/measure-server", description="Measures memory and CPU time of mcp-tool-server.",
        epilog=f"Exit status 1 when a bound is missed: {IDLE_MIB} MiB idle, {STREAM_KIB} KiB per open stream, a cached call "
        f"{COST_RATIO} times the gateway's CPU time for a small proxied call, refusal of the session beyond the bound.")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the CPU measurement, 3 unless given")
    parser.add_argument("--seconds", type=float, default=3, help="length of one, 3 unless given")
    parser.add_argument("--streams", type=int, default=1_000, help="open streams, 1000 unless given")
    parser.add_argument("--only-lambda", action="store_true", help="only what it costs as a function of AWS Lambda")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument("--binaries", metavar="FOLDER", type=Path, default=ROOT / ".build/release", help=argparse.SUPPRESS)
    parser.add_argument("--backend", metavar="FILE", type=Path, default=ROOT / ".build/bench-backend", help=argparse.SUPPRESS)
    parser.add_argument("--fastmcp", metavar="PYTHON", type=Path, help="a Python with FastMCP, which is measured beside")
    return parser.parse_args()


def say(text: str) -> None:
    """One line of progress."""
    print(text, file=sys.stderr, flush=True)


def resident_kib(pid: int) -> int:
    """Memory that a process holds now."""
    for line in Path("/proc", str(pid), "status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise BenchError(f"process {pid} has no VmRSS")


def start_server(processes: Processes, chosen: argparse.Namespace, name: str, flags: list[str]) -> Peer:
    """A tool server on a core of its own."""
    core, _ = cores()
    command = [chosen.binaries / "mcp-tool-server", "--listen", "127.0.0.1:0", "--rate-limit", "0", *flags]
    process = processes.start(name, command, core)
    port = processes.wait(name, process, 10, "listening", lambda: listening_port(processes, name, "mcp"))
    return Peer(name, process, port)


def post(connection: http.client.HTTPConnection, message: dict, fields: dict) -> http.client.HTTPResponse:
    """Sends a message; its answer, whose body is still to be read."""
    connection.request(
        "POST", "/mcp", json.dumps(message),
        {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **fields})
    return connection.getresponse()


def initialize(connection: http.client.HTTPConnection) -> tuple[int, str | None]:
    """Opens a session; status and id."""
    answer = post(connection, {
        "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "measure", "version": "1"}}}, {})
    answer.read()
    return answer.status, answer.getheader("Mcp-Session-Id")


def open_stream(port: int, request: str) -> socket.socket:
    """Sends a request and waits until its event stream has begun."""
    stream = socket.create_connection(("127.0.0.1", port), timeout=20)
    stream.sendall(request.encode())
    received = b""
    while b"data:" not in received:
        piece = stream.recv(4_096)
        if not piece:
            raise BenchError(f"the stream ended: {received.decode(errors='replace')}")
        received += piece
    return stream


def carry_events(connection: http.client.HTTPConnection, streams: list[socket.socket], name: bytes = b"list_changed") -> None:
    """Has the server send EVENTS events on each stream, and takes them.

    Every stream has its event before the next is asked for: equal changes that wait on one stream are told once.
    """
    for number in range(EVENTS):
        answer = post(connection, {
            "jsonrpc": "2.0", "id": number, "method": "tools/call",
            "params": {"name": "test_trigger_tool_change", "arguments": {}, "_meta": META}},
            {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/call", "Mcp-Name": "test_trigger_tool_change"})
        if answer.status != 200 or b"Told." not in answer.read():
            raise BenchError(f"the change was not told: {answer.status}")
        for stream in streams:
            received = b""
            while name not in received or not received.endswith(b"\n\r\n"):
                piece = stream.recv(4_096)
                if not piece:
                    raise BenchError(f"the stream ended: {received.decode(errors='replace')}")
                received += piece


def measure_memory(chosen: argparse.Namespace, directory: Path) -> dict:
    """Idle, per stream of each era, and what happens at the bound of sessions."""
    report: dict = {}
    with Processes(directory) as processes:
        server = start_server(processes, chosen, "idle", [])
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("GET", "/health")
        connection.getresponse().read()
        report["idleMiB"] = resident_kib(server.process.pid) / 1_024
        say(f"idle: {report['idleMiB']:.1f} MiB")

    with Processes(directory) as processes:
        server = start_server(processes, chosen, "listening", ["--everything"])
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("GET", "/health")
        connection.getresponse().read()
        body = json.dumps({
            "jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen",
            "params": {"notifications": {"toolsListChanged": True}, "_meta": META}})
        listen = (
            f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {MODERN}\r\n"
            f"Mcp-Method: subscriptions/listen\r\nContent-Length: {len(body)}\r\n\r\n{body}")
        before = resident_kib(server.process.pid)
        streams = [open_stream(server.port, listen) for _ in range(chosen.streams)]
        report["listenStreamKiB"] = (resident_kib(server.process.pid) - before) / chosen.streams
        carry_events(connection, streams)
        report["usedListenStreamKiB"] = (resident_kib(server.process.pid) - before) / chosen.streams
        say(f"a stream of subscriptions/listen: {report['listenStreamKiB']:.1f} KiB, "
            f"after {EVENTS} events {report['usedListenStreamKiB']:.1f}")
        for stream in streams:
            stream.close()

    with Processes(directory) as processes:
        server = start_server(processes, chosen, "sessions", ["--everything"])
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        _, first = initialize(connection)
        before = resident_kib(server.process.pid)
        streams = []
        for _ in range(chosen.streams):
            _, session = initialize(connection)
            streams.append(open_stream(server.port, (
                f"GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nMcp-Session-Id: {session}\r\n\r\n")))
        report["sessionStreamKiB"] = (resident_kib(server.process.pid) - before) / chosen.streams
        carry_events(connection, streams)
        report["usedSessionStreamKiB"] = (resident_kib(server.process.pid) - before) / chosen.streams
        say(f"a session with its stream: {report['sessionStreamKiB']:.1f} KiB, "
            f"after {EVENTS} events {report['usedSessionStreamKiB']:.1f}")
        before, count, status = resident_kib(server.process.pid), chosen.streams + 1, 200
        while status == 200 and count <= 10_100:
            status, session = initialize(connection)
            count += session is not None
        report["sessions"] = count
        report["statusBeyond"] = status
        report["sessionKiB"] = (resident_kib(server.process.pid) - before) / max(1, count - chosen.streams)
        # Those that are open go on.
        answer = post(connection, {"jsonrpc": "2.0", "id": 2, "method": "ping"}, {"Mcp-Session-Id": first or ""})
        answer.read()
        report["servedBeyond"] = answer.status == 200
        say(f"{count} sessions of {report['sessionKiB']:.1f} KiB, then {status}")
        for stream in streams:
            stream.close()
    return report


def load(chosen: argparse.Namespace, peer: Peer, tool_arguments: str) -> float:
    """CPU µs per call."""
    _, core = cores()
    done = subprocess.run(
        ["taskset", "-c", ",".join(map(str, core)), chosen.binaries / "mcp-load", peer.url, "--tool", "process_data",
         "--arguments", tool_arguments, "--connections", "64", "--duration", f"{round(chosen.seconds * 1000)}ms",
         "--pid", str(peer.process.pid), "--json"], capture_output=True, text=True, timeout=chosen.seconds + 60)
    if done.returncode != 0:
        raise BenchError(f"calls to {peer.name} failed: {done.stdout[-500:]}{done.stderr[-500:]}")
    report = json.loads(done.stdout)
    return report["cpu"][0]["microsecondsPerCall"]


def measure_cost(chosen: argparse.Namespace, directory: Path) -> dict:
    """A cached call beside the gateway's own small proxied call, and FastMCP."""
    row = next(row for row in ROWS if row.name == "json")
    proxy_core, other_core = cores()
    with Processes(directory) as processes:
        backend = peers.start_backend(processes, chosen.backend, row, other_core)
        runs = [
            (peers.start_gateway(processes, chosen.binaries / "mcp-gateway", backend, row, proxy_core),
             json.dumps(row.arguments())),
            (start_server(processes, chosen, "tool-server", []), ARGUMENTS)]
        if chosen.fastmcp:
            port = free_port()
            process = processes.start("fastmcp", [chosen.fastmcp, Path(__file__).parent / "fastmcp_server.py", port], proxy_core)
            processes.wait_for_port("fastmcp", process, port, 60)
            runs.append((Peer("fastmcp", process, port), ARGUMENTS))
        costs: dict[str, list[float]] = {peer.name: [] for peer, _ in runs}
        for number in range(chosen.rounds):
            for peer, tool_arguments in runs:
                costs[peer.name].append(load(chosen, peer, tool_arguments))
                say(f"round {number + 1} of {chosen.rounds}, {peer.name}: {costs[peer.name][-1]:.1f} µs")
    ratio = median(ours / gateway for ours, gateway in zip(costs["tool-server"], costs["gateway"]))
    return {"cpuMicrosecondsPerCall": {name: median(values) for name, values in costs.items()}, "byGateway": ratio}


def show(report: dict) -> None:
    """The report as text."""
    if "idleMiB" in report:
        print(f"idle                          {report['idleMiB']:8.1f} MiB   (at most {IDLE_MIB})")
        print(f"subscriptions/listen, each    {report['listenStreamKiB']:8.1f} KiB   (at most {STREAM_KIB})")
        print(f"  after {EVENTS} events            {report['usedListenStreamKiB']:8.1f} KiB   (at most {STREAM_KIB})")
        print(f"session with GET stream, each {report['sessionStreamKiB']:8.1f} KiB   (at most {STREAM_KIB})")
        print(f"  after {EVENTS} events            {report['usedSessionStreamKiB']:8.1f} KiB   (at most {STREAM_KIB})")
        print(f"session, each                 {report['sessionKiB']:8.1f} KiB   {report['sessions']:,}, then {report['statusBeyond']}")
        for name, cost in report["cpuMicrosecondsPerCall"].items():
            print(f"CPU per call, {name:15} {cost:8.1f} µs")
        print(f"tool-server ÷ gateway         {report['byGateway']:8.2f}       (at most {COST_RATIO})")
    print(
        f"Lambda, start to first answer {report['lambdaStartMilliseconds']:8.1f} ms    "
        f"(slowest {report['lambdaSlowestStartMilliseconds']:.1f})")
    print(f"Lambda, CPU per event         {report['lambdaCPUMicrosecondsPerEvent']:8.1f} µs")


def main() -> int:
    """The exit status."""
    chosen = arguments()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 16_384 if hard == resource.RLIM_INFINITY else min(16_384, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="mcp-measure-") as directory:
            function = measure_lambda(chosen.binaries / "mcp-tool-server", ARGUMENTS, chosen.seconds, Path(directory))
            say(f"on AWS Lambda: first answer after {function['lambdaStartMilliseconds']:.1f} ms")
            report = function if chosen.only_lambda else {
                **measure_memory(chosen, Path(directory)), **measure_cost(chosen, Path(directory)), **function}
    except (BenchError, subprocess.TimeoutExpired) as error:
        say(f"measure-server: {error}")
        return 1
    report["seconds"] = round(time.monotonic() - started, 1)
    if chosen.json:
        print(json.dumps(report, indent=1))
    else:
        show(report)
    if chosen.only_lambda:
        return 0
    bad = [
        text for text, missed in [
            ("idle memory", report["idleMiB"] > IDLE_MIB), ("memory of streams", max(
                report[name] for name in (
                    "listenStreamKiB", "usedListenStreamKiB", "sessionStreamKiB", "usedSessionStreamKiB")) > STREAM_KIB),
            ("bound of sessions", report["statusBeyond"] != 503 or not report["servedBeyond"]),
            ("cost of a call", report["byGateway"] > COST_RATIO)] if missed]
    if bad:
        say(f"measure-server: missed: {', '.join(bad)}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
