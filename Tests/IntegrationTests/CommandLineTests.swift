import Foundation
import Testing

extension Integration {
    /// What the executable says of itself, and how it ends.
    @Suite struct CommandLine {
        private let gateway = Machine.binaries.appending(path: "mcp-gateway")

        @Test func `version prints one line`() async throws {
            let outcome = try await ChildProcess.run(gateway, ["version"])
            #expect(outcome.status == 0)
            #expect(outcome.output.split(separator: "\n").count == 1)
            #expect(outcome.output.contains(/[0-9]+\.[0-9]+/))
        }

        @Test func `help names the commands`() async throws {
            let outcome = try await ChildProcess.run(gateway, ["--help"])
            #expect(outcome.status == 0)
            for command in ["run", "check", "explain", "diff", "version"] { #expect(outcome.output.contains(command)) }
        }

        @Test(arguments: [["--frobnicate"], ["frobnicate", "x"], ["run", "--config"], ["check"]])
        func `wrong usage ends with 64`(arguments: [String]) async throws {
            let outcome = try await ChildProcess.run(gateway, arguments)
            #expect(outcome.status == 64, "\(outcome.complaints)")
            #expect(!outcome.complaints.isEmpty)
        }

        @Test func `a configuration that is not there ends with 78`() async throws {
            let outcome = try await ChildProcess.run(gateway, ["run", "--config", "/nonexistent/gateway.conf"])
            #expect(outcome.status == 78)
            #expect(outcome.complaints.contains("/nonexistent/gateway.conf"))
        }

        @Test(arguments: ["listen", "admin"])
        func `a port that is taken ends with 69`(key: String) async throws {
            let taken = try Socket.listening()
            let folder = try TemporaryFolder()
            let addresses = ["listen", "admin"].map { "\($0): 127.0.0.1:\($0 == key ? taken.port : 0)" }
            let file = try folder.write(
                "gateway.conf",
                (addresses.joined(separator: "\n")
                    + "\npools: { tools: { backends: [ \"http://127.0.0.1:1/mcp\" ] } }\n").utf8)
            let outcome = try await ChildProcess.run(gateway, ["run", "--config", file.path], within: .seconds(10))
            #expect(outcome.status == 69, "\(outcome.complaints)")
            #expect(outcome.complaints.contains("\(taken.port)"))
        }

        @Test func `the tool server says that its port is taken`() async throws {
            let taken = try Socket.listening()
            let outcome = try await ChildProcess.run(
                Machine.binaries.appending(path: "mcp-tool-server"), ["--listen", "127.0.0.1:\(taken.port)"],
                within: .seconds(10))
            #expect(outcome.status == 69, "\(outcome.complaints)")
            #expect(outcome.complaints.contains("\(taken.port)"))
        }

        @Test func `the gateway says whether it lives, without a shell`() async throws {
            func configuration(admin: Int) -> String {
                "listen: 127.0.0.1:0\nadmin: 0.0.0.0:\(admin)\npools: { tools: { backends: [ \"http://127.0.0.1:1/mcp\" ] } }\n"
            }
            let gateway = try await RunningGateway.start(configuration: configuration(admin: 0), isReady: false)
            let folder = try TemporaryFolder()
            func check(_ admin: Int) async throws -> ChildProcess.Outcome {
                let file = try folder.write("gateway.conf", configuration(admin: admin).utf8)
                return try await ChildProcess.run(self.gateway, ["--healthcheck", "--config", file.path])
            }
            // It does although none of its backends does.
            let alive = try await check(gateway.admin)
            #expect(alive.status == 0 && alive.output.isEmpty, "\(alive.complaints)")
            let dead = try await check(try RedisServer.freePort())
            #expect(dead.status == 1 && dead.complaints.contains("does not answer"))
            #expect(try await check(0).status == 64)
        }

        @Test func `the tool server says whether it is well, without a shell`() async throws {
            let server = try await ToolServer.start("well")
            let program = Machine.binaries.appending(path: "mcp-tool-server")
            let well = try await ChildProcess.run(program, ["--healthcheck", "--listen", "0.0.0.0:\(server.port)"])
            #expect(well.status == 0 && well.output.isEmpty, "\(well.complaints)")
            let free = try RedisServer.freePort()
            let nobody = try await ChildProcess.run(program, ["--healthcheck", "--listen", "127.0.0.1:\(free)"])
            #expect(nobody.status == 1 && nobody.complaints.contains("does not answer"))
            #expect(try await ChildProcess.run(program, ["--healthcheck", "--listen", "127.0.0.1:0"]).status == 64)
        }

        @Test func `run is the default command`() async throws {
            let folder = try TemporaryFolder()
            let file = try folder.write(
                "gateway.conf",
                "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\npools: { tools: { backends: [ \"http://127.0.0.1:1/mcp\" ] } }\n"
                    .utf8)
            let process = try ChildProcess(gateway, ["--config", file.path])
            let admin = try await process.port(of: "admin")
            #expect(try await HTTPCall.get("/health").send(to: admin).status == 200)
            process.signal(SIGTERM)
            #expect(try await process.exit() == 0)
        }
    }
}
