import Foundation
import Testing

extension Integration {
    /// `scripts/run`: the first thing that a stranger does.
    @Suite struct RunScript {
        private let script = Machine.root.appending(path: "scripts/run")
        private let environment = ["MCP_BIN_DIR": Machine.binaries.path]

        /// The repository's own configuration with other ports, so that whoever runs this may have a gateway running.
        private func sample(in folder: TemporaryFolder) throws -> (file: URL, ports: [Int]) {
            var text = try String(contentsOf: Machine.root.appending(path: "gateway.conf"), encoding: .utf8)
            let sockets = try (0..<5).map { _ in try Socket.listening() }
            for (port, socket) in zip([9_001, 9_002, 9_003, 8_080, 9_090], sockets) {
                text = text.replacing("127.0.0.1:\(port)", with: "127.0.0.1:\(socket.port)")
            }
            return (try folder.write("gateway.conf", text.utf8), sockets.map(\.port))
        }

        /// Starts the script as a terminal would: a shell cannot trap a signal that it was started to ignore.
        private func start(_ file: URL) throws -> ChildProcess {
            try ChildProcess(
                URL(filePath: "/usr/bin/env"), ["--default-signal", script.path, "--config", file.path],
                environment: environment)
        }

        private func isFree(_ port: Int) -> Bool { (try? Socket.connected(to: port)) == nil }

        @Test(arguments: [SIGINT, SIGTERM])
        func `shows a call, stays up, and stops everything`(signal: Int32) async throws {
            let folder = try TemporaryFolder()
            let (file, ports) = try sample(in: folder)
            let run = try start(file)
            try await eventually("it is up; it said: \(run.lastWords)", within: .seconds(40)) {
                run.output.contains("Ctrl-C stops everything") || !run.isRunning
            }

            #expect(run.isRunning, "\(run.lastWords)")
            #expect(run.output.contains("\"method\":\"tools/call\""))
            #expect(run.output.contains("PARIS"))
            #expect(run.output.contains(/Served by: tools-[123]/))
            #expect(run.output.contains("http://127.0.0.1:\(ports[3])/mcp"))
            #expect(run.output.contains("http://127.0.0.1:\(ports[4])/metrics"))
            #expect(try await HTTPCall.process("a", era: .modern).send(to: ports[3]).status == 200)
            #expect(try await HTTPCall.get("/ready").send(to: ports[4]).status == 200)

            run.signal(signal)
            #expect(try await run.exit(within: .seconds(20)) == 0, "\(run.lastWords)")
            for port in ports { #expect(isFree(port), "something still listens on \(port)") }
        }

        @Test func `a port that is taken is one sentence, and nothing is left`() async throws {
            let folder = try TemporaryFolder()
            for index in 0..<5 {
                let (file, ports) = try sample(in: folder)
                let taken = try Socket.listening(on: ports[index])
                let outcome = try await ChildProcess.run(script, ["--config", file.path], environment: environment)
                #expect(outcome.status == 1)
                #expect(outcome.complaints.contains("port \(taken.port) is taken"))
                #expect(outcome.complaints.split(separator: "\n").count == 1, "\(outcome.complaints)")
                for port in ports where port != taken.port { #expect(isFree(port)) }
            }
        }

        @Test func `a server that does not come up is said, and nothing is left`() async throws {
            let folder = try TemporaryFolder()
            let (file, ports) = try sample(in: folder)
            let broken = try folder.write("mcp-gateway", "#!/bin/sh\necho no luck today >&2\nexit 1\n".utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: broken.path)
            try FileManager.default.createSymbolicLink(
                at: folder.url.appending(path: "mcp-tool-server"),
                withDestinationURL: Machine.binaries.appending(path: "mcp-tool-server"))
            let outcome = try await ChildProcess.run(
                script, ["--config", file.path], environment: ["MCP_BIN_DIR": folder.url.path])
            #expect(outcome.status == 1)
            #expect(outcome.complaints.contains("no luck today"))
            #expect(outcome.complaints.contains("mcp-gateway ended before it was ready"))
            for port in ports { #expect(isFree(port), "something still listens on \(port)") }
        }

        @Test func `a server that ends by itself ends the rest`() async throws {
            let folder = try TemporaryFolder()
            let (file, ports) = try sample(in: folder)
            let run = try start(file)
            try await eventually("it is up; it said: \(run.lastWords)", within: .seconds(40)) {
                run.output.contains("Ctrl-C stops everything") || !run.isRunning
            }
            // Found by its command line, which names this test's own configuration.
            let listed = try await ChildProcess.run(
                URL(filePath: "/bin/sh"), ["-c", "grep -lz -- '^\(file.path)$' /proc/[0-9]*/cmdline 2>/dev/null; true"])
            for path in listed.output.split(separator: "\n") {
                let pid = try #require(Int32(path.split(separator: "/")[1]))
                if pid != run.pid { kill(pid, SIGKILL) }
            }
            #expect(try await run.exit(within: .seconds(20)) == 1)
            #expect(run.complaints.contains("mcp-gateway ended by itself"))
            for port in ports { #expect(isFree(port), "something still listens on \(port)") }
        }

        @Test(arguments: [
            ("Swift version 5.10 (swift-5.10-RELEASE)", "this machine has 5.10"),
            ("python-swiftclient 4.2.0", "was not found"),
        ])
        func `says how to get Swift where there is none that will do`(version: String, words: String) async throws {
            // All programs that there are, but another Swift in front of them, and no usual places to look in.
            let folder = try TemporaryFolder()
            let swift = try folder.write("swift", "#!/bin/sh\necho '\(version)'\n".utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: swift.path)
            let lines = """
                source '\(Machine.root.path)/scripts/lib/common.sh'
                source '\(Machine.root.path)/scripts/lib/swift.sh'
                usual_places() { :; }
                find_swift
                """
            let outcome = try await ChildProcess.run(
                URL(filePath: "/bin/bash"), ["-c", lines],
                environment: ["PATH": "\(folder.url.path):/usr/bin:/bin", "HOME": folder.url.path])
            #expect(outcome.status == 1)
            #expect(outcome.complaints.contains("https://www.swift.org/install"))
            #expect(outcome.complaints.contains(words), "\(outcome.complaints)")
        }

        @Test(arguments: ["run", "test", "build", "bench", "fuzz"])
        func `every script has --help and refuses what it does not know`(name: String) async throws {
            let script = Machine.root.appending(path: "scripts").appending(path: name)
            let help = try await ChildProcess.run(script, ["--help"])
            #expect(help.status == 0)
            #expect(help.output.contains("usage: scripts/\(name)"))
        }
    }
}
