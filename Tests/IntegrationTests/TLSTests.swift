import Foundation
import TestCertificates
import Testing

extension Integration {
    /// TLS between clients and a gateway, and between a gateway and its backends.
    @Suite struct TLS {
        /// A gateway with TLS that asks another one, with TLS, that asks tool servers.
        private struct Chain {
            let certificates: Certificates
            let servers: [ToolServer]
            let back: GatewayOfFile
            let front: GatewayOfFile

            var endpoint: String { "https://localhost:\(front.port)/mcp" }
        }

        private static func sealed(_ certificate: String, _ key: String) -> String {
            "listen:\n  - address: 127.0.0.1:0\n    tls: { certificate: \(certificate), private_key: 'file:\(key)' }\n"
        }

        private static func text(_ certificates: Certificates, backends: [String], pool: String = "") -> String {
            sealed(certificates.certificate, certificates.key)
                + "admin: 127.0.0.1:0\npools:\n  tools:\n    backends: [\(backends.joined(separator: ", "))]\n\(pool)"
        }

        private static func chain(hasSessions: Bool = true) async throws -> Chain {
            let certificates = try Certificates()
            let servers = [
                try await ToolServer.start("one", hasSessions: hasSessions),
                try await ToolServer.start("two", hasSessions: hasSessions),
            ]
            let back = try await GatewayOfFile.start(text(certificates, backends: servers.map(\.url)))
            let pool = "    tls: { certificate_authority: \(certificates.authority) }\n"
            let front = try await GatewayOfFile.start(
                text(certificates, backends: ["https://localhost:\(back.port)/mcp"], pool: pool))
            return Chain(certificates: certificates, servers: servers, back: back, front: front)
        }

        @Test(
            .enabled(if: Machine.hasPython, "make .venv with the official SDK: scripts/test"),
            arguments: OfficialClients.modes)
        func `an official client does everything through two gateways`(mode: String, version: String) async throws {
            let chain = try await Self.chain()
            let report = try await PythonClient.report(
                "tour.py", chain.endpoint, mode, environment: ["SSL_CERT_FILE": chain.certificates.authority])
            #expect(report["protocolVersion"].string == version)
            #expect(report["tools"] == ["health_check", "process_data"])
            #expect(report["calls"]["transform"]["result"]["city"] == "PARIS")
            #expect(report["unknownTool"]["code"] == -32_602)
            #expect(report["afterError"] == ["a": "B"])
            let metrics = try await chain.front.metrics()
            #expect(metrics("mcp_gateway_tls_handshakes_total", ["result": "completed"]) >= 1)
            #expect(metrics("mcp_gateway_tls_handshakes_total", ["result": "failed"]) == 0)
            #expect(metrics("mcp_gateway_tls_certificate_expiry_timestamp_seconds") == 4_070_908_800)
        }

        @Test(
            .enabled(if: Machine.isComplete || Machine.program("curl") != nil, "curl is not installed"),
            arguments: ["1.2", "1.3"])
        func `curl is answered, however much goes either way`(version: String) async throws {
            let chain = try await Self.chain(hasSessions: false)
            let mark = String(repeating: "a", count: 300_000)
            let call = HTTPCall.process(mark, era: .modern)
            let file = try chain.front.folder.write("body", try #require(call.body).utf8)
            let outcome = try await curl(
                chain.endpoint, call, chain.certificates, ["--tls-max", version, "--data-binary", "@\(file.path)"])
            #expect(outcome.status == 0, "\(outcome.complaints)")
            #expect(
                JSON(parsing: outcome.output)["result"]["structuredContent"]["result"]["mark"].string
                    == mark.uppercased())
            // Old versions are not spoken, and nobody is served in the clear.
            let old = try await curl(
                chain.endpoint, call, chain.certificates,
                ["--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", "--data", "{}"])
            #expect(old.status == 35, "\(old.complaints)")
            let clear = try await curl(
                "http://localhost:\(chain.front.port)/mcp", call, chain.certificates, ["--data", "{}"])
            #expect(clear.status == 52 || clear.status == 56, "\(clear.status) \(clear.output)")
        }

        private func curl(
            _ url: String, _ call: HTTPCall, _ certificates: Certificates, _ more: [String]
        ) async throws -> ChildProcess.Outcome {
            let curl = try #require(Machine.program("curl"))
            var arguments = [
                "--silent", "--show-error", "--fail", "--max-time", "20", "--cacert", certificates.authority,
            ]
            for field in call.fields { arguments += ["-H", "\(field.name): \(field.value)"] }
            return try await ChildProcess.run(curl, arguments + more + [url])
        }

        /// Runs the load generator against `port`; whom it trusts is in `authority`.
        private func load(_ port: Int, trusting authority: String, _ more: [String]) async throws
            -> ChildProcess.Outcome
        {
            try await ChildProcess.run(
                Machine.binaries.appending(path: "mcp-load"),
                ["https://localhost:\(port)/mcp", "--cacert", authority, "--tool", "health_check", "--json"] + more)
        }

        @Test func `certificates are renewed under load, in the files alone, and no call is lost`() async throws {
            let (first, second) = (try Certificates(), try Certificates())
            let server = try await ToolServer.start("one", hasSessions: false)
            let folder = try TemporaryFolder()
            // Keys and certificates go one after another, as tools write them: in between they do not belong together.
            let certificate = try folder.write("tls.pem", try first.contents(of: first.certificate))
            let key = try folder.write("tls.key", try first.contents(of: first.key))
            let text =
                Self.sealed(certificate.path, key.path)
                + "admin: 127.0.0.1:0\npools: { tools: { backends: ['\(server.url)'] } }\n"
            let stand = try await GatewayOfFile.start(text, flags: [])
            async let outcome = load(
                stand.port, trusting: first.authority, ["--rate", "200", "--duration", "8s", "--warmup", "0s"])
            try await eventually("calls come") {
                try await stand.metrics()("mcp_gateway_requests_total", ["status": "ok"]) > 20
            }
            _ = try folder.write("tls.pem", try second.contents(of: second.certificate))
            try await eventually("a pair that does not belong together is refused") {
                try await stand.metrics()("mcp_gateway_config_reloads_total", ["result": "rejected"]) > 0
            }
            #expect(try await load(stand.port, trusting: first.authority, ["-n", "10", "-c", "1"]).status == 0)
            _ = try folder.write("tls.key", try second.contents(of: second.key))
            try await eventually("the new certificate is shown") {
                try await load(stand.port, trusting: second.authority, ["-n", "10", "-c", "1"]).status == 0
            }
            #expect(try await load(stand.port, trusting: first.authority, ["-n", "10", "-c", "1"]).status == 69)
            let report = JSON(parsing: try await outcome.output)
            #expect(report["calls"].int ?? 0 > 1_000)
            #expect(report["failed"] == 0 && report["wrongAnswers"] == 0 && report["reconnects"] == 0, "\(report)")
            #expect(stand.process.complaints.contains("what is in \(certificate.path) is another"))
            // That the files go away changes nothing, either.
            let rejected = try await stand.metrics()("mcp_gateway_config_reloads_total", ["result": "rejected"])
            try FileManager.default.removeItem(at: certificate)
            try await eventually("a certificate that is gone is refused") {
                try await stand.metrics()("mcp_gateway_config_reloads_total", ["result": "rejected"]) > rejected
            }
            #expect(try await load(stand.port, trusting: second.authority, ["-n", "10", "-c", "2"]).status == 0)
            #expect(!stand.process.lastWords.contains("BEGIN"))
        }

        @Test func `another process takes over under load, and no call is lost`() async throws {
            let certificates = try Certificates()
            let server = try await ToolServer.start("one", hasSessions: false)
            let folder = try TemporaryFolder()
            let file = try folder.write("gateway.conf", Self.text(certificates, backends: [server.url]).utf8)
            func start() throws -> ChildProcess {
                try ChildProcess(
                    Machine.binaries.appending(path: "mcp-gateway"),
                    [
                        "run", "--no-watch", "--config", file.path, "--handover",
                        folder.url.appending(path: "place").path,
                    ])
            }
            let old = try start()
            let port = try await old.port(of: "mcp")
            let admin = try await old.port(of: "admin")
            try await eventually("the gateway is ready") {
                try await HTTPCall.get("/ready").send(to: admin).status == 200
            }
            async let outcome = load(
                port, trusting: certificates.authority,
                ["--rate", "200", "--duration", "6s", "--warmup", "0s", "-c", "16"])
            try await eventually("calls come") {
                Metrics(try await HTTPCall.get("/metrics").send(to: admin).text)(
                    "mcp_gateway_requests_total", ["status": "ok"]) > 100
            }
            let new = try start()
            #expect(try await new.port(of: "mcp") == port)
            #expect(try await old.exit(within: .seconds(40)) == 0)
            let report = JSON(parsing: try await outcome.output)
            #expect(report["failed"] == 0 && report["wrongAnswers"] == 0, "\(report)")
            #expect(report["reconnects"].int ?? 0 >= 1, "calls have gone over")
            #expect(new.complaints.contains("took over from another process"))
            await new.stop()
        }

        @Test func `a listener goes over to TLS and back while it serves`() async throws {
            let certificates = try Certificates()
            let server = try await ToolServer.start("one", hasSessions: false)
            let port = try RedisServer.freePort()
            func text(_ tls: String) -> String {
                "listen: [{ address: 127.0.0.1:\(port)\(tls) }]\nadmin: 127.0.0.1:0\n"
                    + "pools: { tools: { backends: ['\(server.url)'] } }\n"
            }
            let sealed = ", tls: { certificate: \(certificates.certificate), private_key: 'file:\(certificates.key)' }"
            let stand = try await GatewayOfFile.start(text(""))
            #expect(try await HTTPCall.process("a", era: .modern).send(to: port).status == 200)
            try stand.write(text(sealed))
            #expect(try await stand.reload().status == 200)
            #expect(try await load(port, trusting: certificates.authority, ["-n", "10", "-c", "1"]).status == 0)
            try stand.write(text(""))
            #expect(try await stand.reload().status == 200)
            #expect(try await HTTPCall.process("a", era: .modern).send(to: port).status == 200)
        }

        @Test func `a backend that cannot prove who it is gets nothing`() async throws {
            let (certificates, others) = (try Certificates(), try Certificates(names: "DNS:other.example,IP:127.0.0.1"))
            let server = try await ToolServer.start("one", hasSessions: false)
            let back = try await GatewayOfFile.start(Self.text(others, backends: [server.url]))
            for authority in [certificates.authority, others.authority] {
                let text =
                    "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\npools:\n  tools:\n"
                    + "    backends: ['https://localhost:\(back.port)/mcp']\n"
                    + "    tls: { certificate_authority: \(authority) }\n"
                let folder = try TemporaryFolder()
                let file = try folder.write("gateway.conf", text.utf8)
                let front = try ChildProcess(
                    Machine.binaries.appending(path: "mcp-gateway"), ["run", "--no-watch", "--config", file.path])
                let port = try await front.port(of: "mcp")
                let reply = try await HTTPCall.process("a", era: .modern).send(to: port)
                #expect(reply.status == 503 && reply.message["error"]["code"] == -31_503, "\(reply.text)")
                await front.stop()
            }
            #expect(try await back.metrics()("mcp_gateway_requests_total") == 0)
        }

        @Test func `whoever connects and says nothing is gone after ten seconds`() async throws {
            let certificates = try Certificates()
            let server = try await ToolServer.start("one")
            let stand = try await GatewayOfFile.start(Self.text(certificates, backends: [server.url]))
            let began = ContinuousClock.now
            let silent = try Socket.connected(to: stand.port)
            let answer = try await blocking { try silent.receive() }
            let waited = ContinuousClock.now - began
            #expect(answer.isEmpty)
            print("a silent client with TLS is closed after \(waited), required: 10 s")
            #expect(waited > .seconds(9) && waited < .seconds(12))
            #expect(try await stand.metrics()("mcp_gateway_tls_handshakes_total", ["result": "timeout"]) == 1)
        }

        @Test func `check finds a pair that does not belong together`() async throws {
            let (first, second) = (try Certificates(), try Certificates())
            let folder = try TemporaryFolder()
            let text =
                Self.sealed(first.certificate, second.key)
                + "pools: { tools: { backends: [http://127.0.0.1:9001/mcp] } }\n"
            let file = try folder.write("gateway.conf", text.utf8)
            let outcome = try await ChildProcess.run(
                Machine.binaries.appending(path: "mcp-gateway"), ["check", file.path])
            #expect(outcome.status == 78)
            #expect(outcome.complaints.contains("gateway.conf:3:25: listen[0].tls.certificate: cannot be used: "))
        }
    }
}
