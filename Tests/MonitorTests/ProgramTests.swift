import Testing
import Wire

@testable import mcp_monitor

extension Sockets {
    /// The program as it is built, from its arguments to its exit status.
    @Suite struct ProgramTests {
        @Test(arguments: Program.Build.all)
        func `probes once and says by its exit status whether all are healthy`(build: Program.Build) async throws {
            try await RealServer.with(eras: [.modern]) { server in
                let good = try await Program.run(build, ["--once", "--call", "light", server.url])
                #expect(good.status == 0)
            }
            try await RealServer.with(eras: [.legacy]) { server in
                let good = try await Program.run(build, ["--once", "--call", "light", "it=\(server.url)"])
                #expect(good.status == 0)
                #expect(good.output.contains("it      ok      legacy  2025-11-25      2"))
                #expect(good.complaints == "")
                let bad = try await Program.run(
                    build,
                    ["--once", "--json"], environment: ["MCP_SERVERS": "\(server.url),x=http://127.0.0.1:1/"])
                #expect(bad.status == 1)
                let report = try JSONValue.parse(bad.output)
                #expect(report["healthy"] == false)
                #expect(report["servers"]?[0]?["status"] == "ok")
                #expect(report["servers"]?[1]?["status"] == "connect_error")
                server.health.answer.withLock { $0 = (200, #"{"status":"degraded"}"#) }
                #expect(try await Program.run(build, ["--once", server.url]).status == 0)
                #expect(try await Program.run(build, ["--once", "--strict", server.url]).status == 1)
            }
        }

        @Test(arguments: Program.Build.all) func `serves until SIGTERM and says that it is well`(build: Program.Build)
            async throws
        {
            let server = try await ScriptedServer.start { .modern($0) }
            let silent = try await ScriptedServer.start { _ in .silence }
            let program = try Program(
                build, [server.url, silent.url, "--listen", "127.0.0.1:0", "--interval", "100ms"])
            try await eventually("it listens") { program.output.hasSuffix("\n") }
            let line = try JSONValue.parse(program.output)
            #expect(line["message"] == "listening")
            #expect(line["listener"] == "admin")
            let address = try #require(line["address"]?.stringValue)
            let everywhere = address.replacing("127.0.0.1", with: "0.0.0.0")
            try await eventually("both are asked") { !server.received.isEmpty && !silent.received.isEmpty }
            #expect(try await Program.run(build, ["--healthcheck", "--listen", address]).status == 0)
            #expect(
                try await Program.run(build, ["--healthcheck"], environment: ["MONITOR_LISTEN": everywhere]).status == 0
            )
            #expect(
                try await PageReader.get(ServerURL("http://\(address)/"), "/metrics").text.contains(
                    "mcp_health_checks_total"))
            let start = ContinuousClock.now
            program.terminate()
            #expect(try await program.exit() == 0)
            // The probe of the silent one has ten.
            #expect(ContinuousClock.now - start < .seconds(2))
            for line in program.complaints.split(separator: "\n") {
                #expect(throws: Never.self) { try JSONValue.parse(String(line)) }
            }
            let after = try await Program.run(build, ["--healthcheck", "--listen", address])
            #expect(after.status == 1)
            #expect(after.complaints.hasPrefix("mcp-monitor: no monitor answers at \(address)"))
        }

        @Test(.enabled(if: Promtool.isInstalled, "promtool is not installed"), arguments: Program.Build.all)
        func `has a page of metrics that Prometheus has nothing to say about`(build: Program.Build) async throws {
            try await RealServer.with { server in
                let program = try Program(build, [server.url, "--listen", "127.0.0.1:0", "--call", "light"])
                try await eventually("it listens") { program.output.hasSuffix("\n") }
                let address = try #require(try JSONValue.parse(program.output)["address"]?.stringValue)
                let url = try ServerURL("http://\(address)/")
                try await eventually("it has probed") {
                    let page = try await PageReader.get(url, "/metrics").text
                    return page.contains(
                        #"mcp_server_availability{server="\#(url.origin.host):\#(try ServerURL(server.url).origin.port)"} 1"#
                    )
                }
                let complaints = try await Promtool.check(try await PageReader.get(url, "/metrics").text)
                #expect(complaints == "")
                program.terminate()
                #expect(try await program.exit() == 0)
            }
        }

        @Test(arguments: Program.Build.all) func `ends with the status that says what is wrong`(build: Program.Build)
            async throws
        {
            let folder = try TemporaryFolder()
            let file = try folder.write("servers", "http://a/\nb\n")
            let inFile = try await Program.run(build, ["--servers", file])
            #expect(inFile.status == 78)
            #expect(inFile.complaints == "\(file):2:1: b is not a URL; an example is http://127.0.0.1:8080/mcp\n")
            #expect(try await Program.run(build, []).status == 64)
            #expect(try await Program.run(build, ["--once", "ftp://a/"]).status == 64)
            #expect(try await Program.run(build, ["--interval", "x", "http://a/"]).status == 64)
            #expect(try await Program.run(build, ["http://a/"], environment: ["MONITOR_TIMEOUT": "x"]).status == 78)
            #expect(try await Program.run(build, ["http://a/", "--ca", file]).status == 78)
            #expect(try await Program.run(build, ["http://a/", "--listen", "192.0.2.1:1"]).status == 69)
            #expect(try await Program.run(build, ["--healthcheck", "--listen", "127.0.0.1:0"]).status == 64)
            let help = try await Program.run(build, ["--help"])
            #expect(help.status == 0)
            for variable in MonitorVariable.allCases { #expect(help.output.contains(variable.rawValue)) }
            #expect(try await Program.run(build, ["--version"]).output == "mcp-monitor \(MonitorCommand.version)\n")
        }
    }
}
