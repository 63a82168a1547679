import Foundation
import Testing

extension Integration {
    /// A gateway that takes the place of another one.
    @Suite struct Restart {
        /// Gateways that follow each other at one place, with one file.
        private struct Stand {
            let folder: TemporaryFolder
            let servers: [ToolServer]

            init(_ servers: [ToolServer]) throws {
                folder = try TemporaryFolder()
                self.servers = servers
                try write("listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\n")
            }

            func file(_ name: String) -> String { folder.url.appending(path: name).path }

            /// Writes the file that the next one is started with: `top` and a pool of the servers.
            func write(_ top: String) throws {
                var text = top + "pools:\n  tools:\n    backends:\n"
                for server in servers { text += "      - \(server.url)\n" }
                _ = try folder.write("gateway.conf", text.utf8)
            }

            func start() throws -> ChildProcess {
                try ChildProcess(
                    Machine.binaries.appending(path: "mcp-gateway"),
                    ["run", "--config", file("gateway.conf"), "--no-watch", "--handover", file("handover")],
                    environment: ["KEY": "q9Z-tK3v_of-the-gateway-itself_7Lw2"])
            }

            /// Starts one, and waits until it serves.
            func next() async throws -> (process: ChildProcess, port: Int, admin: Int) {
                let process = try start()
                let (port, admin) = (try await process.port(of: "mcp"), try await process.port(of: "admin"))
                try await eventually("the gateway is ready; it said: \(process.lastWords)") {
                    try await HTTPCall.get("/ready").send(to: admin).status == 200
                }
                return (process, port, admin)
            }

            /// A program that speaks for a new gateway as far as `released`, and then no more.
            func startOneThatStops() throws -> ChildProcess {
                let script = try folder.write("stops.py", Restart.stops.utf8).path
                return try ChildProcess(URL(filePath: "/usr/bin/env"), ["python3", script, file("handover")])
            }
        }

        /// Takes the sockets, says that it is ready, and says no more once the old process has let go.
        private static let stops = """
            import socket, struct, sys, time

            peer = socket.socket(socket.AF_UNIX)
            peer.connect(sys.argv[1])
            peer.send(b"MCPH" + bytes([1, 0, 0, 0, 0, 0]))
            kind, held = None, []
            while kind != 2:
                head, descriptors, _, _ = socket.recv_fds(peer, 10, 253)
                kind, count, length = struct.unpack(">5xBHH", head)
                held += descriptors
                assert count == len(descriptors)
                if length: peer.recv(length, socket.MSG_WAITALL)
            peer.send(b"MCPH" + bytes([1, 3, 0, 0, 0, 0]))
            assert peer.recv(10, socket.MSG_WAITALL)[5] == 4
            print("released", len(held), flush=True)
            time.sleep(60)
            """

        /// Binds two sockets, writes the port of the first into the file, and becomes the gateway (`sd_listen_fds(3)`).
        private static let manager = """
            import os, socket, sys

            program, template, file = sys.argv[1:]
            sockets = [socket.create_server(("127.0.0.1", 0), backlog=64) for _ in range(2)]
            port, surplus = [s.getsockname()[1] for s in sockets]
            with open(file, "w") as out: out.write(open(template).read().replace("PORT", str(port)))
            print("surplus", surplus, flush=True)
            numbers = [os.dup(s.fileno()) for s in sockets]
            numbers = [os.dup2(n, 40 + i, inheritable=False) for i, n in enumerate(numbers)]
            for i, n in enumerate(numbers): os.dup2(n, 3 + i)
            environment = dict(os.environ, LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="mcp:spare")
            os.execve(program, [program, "run", "--config", file], environment)
            """

        private func call(_ port: Int) async throws -> Int {
            try await HTTPCall.process("a", era: .modern).send(to: port).status
        }

        @Test func `two restarts under 500 calls a second lose none, and keep none waiting`() async throws {
            var servers: [ToolServer] = []
            for number in 1...3 { servers.append(try await ToolServer.start("tools-\(number)")) }
            let stand = try Stand(servers)
            var gateway = try await stand.next()
            var others: [ChildProcess] = []
            let port = gateway.port
            async let load = ChildProcess.run(
                Machine.binaries.appending(path: "mcp-load"),
                [
                    "http://127.0.0.1:\(port)/mcp", "--tool", "health_check", "--rate", "500", "--duration", "12s",
                    "--connections", "32", "--json", "--era", "modern",
                ])
            // Each call of these comes on a connection of its own.
            let newcomers = Newcomers(4, port: port)
            try await Task.sleep(for: .seconds(2))
            for _ in 1...2 {
                let old = gateway
                gateway = try await stand.next()
                #expect(gateway.port == port && gateway.admin == old.admin)
                try await eventually("the other one drains: \(old.process.lastWords)") {
                    old.process.complaints.contains("another process has taken over")
                }
                #expect(gateway.process.complaints.contains("took over from another process"))
                others.append(old.process)
                try await Task.sleep(for: .seconds(3))
            }
            let outcome = try await load
            let (latencies, failures) = await newcomers.stop()
            print("2 restarts under 500 calls/s: \(outcome.output)")
            print("  and \(latencies.count) calls on connections of their own, the slowest \(latencies.max() ?? .zero)")
            #expect(outcome.status == 0, "\(outcome.output) \(outcome.complaints)")
            let p99 = try #require(
                outcome.output.firstMatch(of: /"p99":([0-9.]+)/).flatMap { Double($0.output.1) }, "\(outcome.output)")
            #expect(p99 <= 150_000, "microseconds")
            #expect(failures == [])
            #expect(latencies.count > 500)
            let index = latencies.count * 99 / 100
            #expect(latencies.sorted()[index] <= .milliseconds(150))
            // They had idle connections until now.
            for other in others { #expect(try await other.exit(within: .seconds(8)) == 0, "\(other.lastWords)") }
            gateway.process.signal(SIGTERM)
            #expect(try await gateway.process.exit() == 0)
            #expect(!FileManager.default.fileExists(atPath: stand.file("handover")))
        }

        @Test func `one that cannot serve changes nothing`() async throws {
            let stand = try Stand([try await ToolServer.start("one")])
            let old = try await stand.next()
            let file = stand.file("handover")
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
            #expect(mode as? Int == 0o600)

            try stand.write("listen: nowhere\n")
            let bad = try stand.start()
            #expect(try await bad.exit() == 78)
            #expect(try await call(old.port) == 200)

            // One more address, which somebody else has.
            let other = try await ToolServer.start("other")
            try stand.write("listen: [127.0.0.1:0, 127.0.0.1:\(other.port)]\nadmin: 127.0.0.1:0\n")
            let late = try stand.start()
            #expect(try await late.exit() == 69)
            #expect(late.complaints.contains("cannot listen on 127.0.0.1:\(other.port)"))
            try await eventually("it says so: \(old.process.lastWords)") {
                old.process.complaints.contains("another process did not take over")
            }
            #expect(try await call(old.port) == 200)

            // And then one that can.
            try stand.write("listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\n")
            let good = try await stand.next()
            #expect(good.port == old.port && good.admin == old.admin)
            #expect(try await old.process.exit(within: .seconds(8)) == 0)
            #expect(try await call(good.port) == 200)
        }

        @Test func `one that dies at the last moment leaves the other as it was`() async throws {
            let stand = try Stand([try await ToolServer.start("one")])
            let old = try await stand.next()
            let newcomers = Newcomers(2, port: old.port)
            try await eventually("calls are answered") { newcomers.count > 50 }
            for round in 1...3 {
                let dying = try stand.startOneThatStops()
                try await eventually("it could accept now: \(dying.lastWords)") {
                    dying.output.contains("released") || !dying.isRunning
                }
                #expect(dying.isRunning, "\(dying.lastWords)")
                dying.signal(SIGKILL)
                try await eventually("it accepts again: \(old.process.lastWords)") {
                    old.process.complaints.components(separatedBy: "did not take over").count == round + 1
                }
                #expect(try await HTTPCall.get("/ready").send(to: old.admin).status == 200)
            }
            let count = newcomers.count
            try await eventually("calls are answered") { newcomers.count > count + 50 }
            let (_, failures) = await newcomers.stop()
            #expect(failures == [])
            // Another one can take over all the same.
            let next = try await stand.next()
            #expect(next.port == old.port)
            #expect(try await old.process.exit(within: .seconds(8)) == 0)
            #expect(try await call(next.port) == 200)
        }

        @Test func `calls in flight and on idle connections end well in the old process`() async throws {
            let gate = Gate()
            let backend = try ScriptedBackend { _ in .wait(gate, .result(#"{"content":[]}"#)) }
            let folder = try TemporaryFolder()
            let text = "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\npools: { tools: { backends: [\(backend.url)] } }\n"
            let file = try folder.write("gateway.conf", text.utf8).path
            func start() throws -> ChildProcess {
                try ChildProcess(
                    Machine.binaries.appending(path: "mcp-gateway"),
                    ["run", "--config", file, "--handover", folder.url.appending(path: "place").path])
            }
            let old = try start()
            let port = try await old.port(of: "mcp")
            let idle = try await blocking { HeldConnection(try HTTPConnection(port: port, limit: .seconds(10))) }
            async let slow = HTTPCall.tool("slow", "{}", id: "1", era: .modern).send(to: port)
            try await eventually("the call has arrived") { backend.calls.count == 1 }

            let new = try start()
            #expect(try await new.port(of: "mcp") == port)
            try await eventually("the other one drains: \(old.lastWords)") { old.complaints.contains("draining") }
            #expect(old.isRunning)
            gate.open()
            #expect(try await slow.status == 200)
            let reply = try await blocking { try idle.value.exchange(.tool("slow", "{}", id: "2", era: .modern)) }
            #expect(reply.status == 200)
            #expect(reply.fields["connection"] == "close")
            #expect(try await old.exit(within: .seconds(8)) == 0)
        }

        @Test func `sessions go on in the next process`() async throws {
            let stand = try Stand([try await ToolServer.start("one"), try await ToolServer.start("two")])
            try stand.write("listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\nsessions: { key: env:KEY }\n")
            let old = try await stand.next()
            var sessions: [String] = []
            for _ in 1...4 {
                let opening = try await HTTPCall.initialize().send(to: old.port)
                let session = try #require(opening.fields["mcp-session-id"])
                let initialized = HTTPCall(
                    fields: HTTPCall.jsonAndEvents, body: #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
                #expect(try await initialized.inSession(session).send(to: old.port).status == 202)
                sessions.append(session)
            }
            let new = try await stand.next()
            #expect(try await old.process.exit(within: .seconds(8)) == 0)
            for session in sessions {
                let call = HTTPCall.process("a", era: .legacy).inSession(session)
                #expect(try await call.send(to: new.port).status == 200)
            }
        }

        @Test func `of several that start at once one is left`() async throws {
            let stand = try Stand([try await ToolServer.start("one")])
            let processes = try (1...4).map { _ in try stand.start() }
            try await eventually("one is left", within: .seconds(30)) {
                processes.count(where: \.isRunning) == 1
            }
            for process in processes where !process.isRunning {
                let status = try await process.exit()
                #expect(status == 0 || status == 69, "\(process.lastWords)")
            }
            let left = processes.first { $0.isRunning }
            let last = try #require(left)
            #expect(try await call(try await last.port(of: "mcp")) == 200)
            // Nobody else has been let in beside it.
            let next = try await stand.next()
            #expect(try await last.exit(within: .seconds(8)) == 0)
            #expect(try await call(next.port) == 200)
        }

        @Test func `a reload that adds and drops addresses is followed by the next process`() async throws {
            let stand = try Stand([try await ToolServer.start("one")])
            let old = try await stand.next()
            let (spare, other) = (try await ToolServer.start("spare"), try await ToolServer.start("other"))
            await spare.process.stop()
            await other.process.stop()
            try stand.write("listen: 127.0.0.1:\(spare.port)\nadmin: 127.0.0.1:0\n")
            #expect(try await HTTPCall(method: "POST", path: "/reload").send(to: old.admin).status == 200)
            let new = try await stand.next()
            #expect(new.port == spare.port && new.admin == old.admin)
            #expect(try await old.process.exit(within: .seconds(8)) == 0)
            #expect(try await call(spare.port) == 200)
            // What the next file has no more is closed.
            try stand.write("listen: 127.0.0.1:\(other.port)\nadmin: 127.0.0.1:0\n")
            let last = try await stand.next()
            #expect(last.port == other.port && last.admin == new.admin)
            #expect(try await new.process.exit(within: .seconds(8)) == 0)
            #expect(try await call(last.port) == 200)
            #expect((try? HTTPConnection(port: spare.port)) == nil)
            #expect(last.process.complaints.contains("is for no address of the configuration"))
        }

        @Test func `uses the sockets of a service manager, and closes what it has no use for`() async throws {
            let server = try await ToolServer.start("one")
            let folder = try TemporaryFolder()
            let text = "listen: 127.0.0.1:PORT\nadmin: 127.0.0.1:0\npools: { tools: { backends: [\(server.url)] } }\n"
            let template = try folder.write("template.conf", text.utf8).path
            let script = try folder.write("manager.py", Self.manager.utf8).path
            let gateway = try ChildProcess(
                URL(filePath: "/usr/bin/env"),
                [
                    "python3", script, Machine.binaries.appending(path: "mcp-gateway").path, template,
                    folder.url.appending(path: "gateway.conf").path,
                ])
            let port = try await gateway.port(of: "mcp")
            #expect(try await call(port) == 200)
            #expect(gateway.complaints.contains("listening on sockets of the service manager"))
            let surplus = try #require(gateway.output.firstMatch(of: /surplus ([0-9]+)/).flatMap { Int($0.output.1) })
            try await eventually("it says so: \(gateway.lastWords)") {
                gateway.complaints.contains("is for no address of the configuration")
            }
            try await eventually("the other socket is closed") { (try? HTTPConnection(port: surplus)) == nil }
            gateway.signal(SIGTERM)
            #expect(try await gateway.exit() == 0)
        }
    }
}
