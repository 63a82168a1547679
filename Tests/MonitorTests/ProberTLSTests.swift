import TestCertificates
import Testing

@testable import mcp_monitor

extension Sockets {
    @Suite struct ProberTLSTests {
        private func server(_ certificates: Certificates) async throws -> ScriptedServer {
            try await ScriptedServer.start(tls: try certificates.serverContext()) { .modern($0) }
        }

        @Test(arguments: ["127.0.0.1", "localhost"])
        func `talks to a server with a certificate, and says when that ends`(host: String) async throws {
            let certificates = try Certificates()
            let server = try await server(certificates)
            let report = try await Probing.report(
                "https://\(host):\(server.port)/mcp", authority: certificates.authority)
            #expect(report.findings.reason == nil)
            #expect(report.findings.status == .ok)
            // 2099-01-01.
            #expect(report.certificateExpiry == 4_070_908_800)
            #expect(report.connectDurations.count == 1)
        }

        @Test func `does not talk to a server that nobody vouches for`() async throws {
            let server = try await server(try Certificates())
            let others = try Certificates()
            for authority in [nil, others.authority] {
                let report = try await Probing.report("https://localhost:\(server.port)/mcp", authority: authority)
                #expect(report.findings.status == .tlsError)
                #expect(
                    report.findings.reason?.hasSuffix("the certificate is not signed by anybody who is trusted") == true
                )
            }
            #expect(server.received.isEmpty)
        }

        @Test func `does not talk to a server whose certificate has expired`() async throws {
            let certificates = try Certificates(until: "20200201")
            let server = try await server(certificates)
            let report = try await Probing.report(
                "https://localhost:\(server.port)/mcp", authority: certificates.authority)
            #expect(report.findings.status == .tlsError)
            #expect(
                report.findings.reason
                    == "server/discover: TLS with localhost:\(server.port): the certificate has expired")
            #expect(report.certificateExpiry == 1_580_515_200)
            #expect(server.received.isEmpty)
        }

        @Test func `does not talk to another server than the one that was meant`() async throws {
            let certificates = try Certificates(names: "DNS:other.example,IP:192.0.2.1")
            let server = try await server(certificates)
            for host in ["localhost", "127.0.0.1"] {
                let report = try await Probing.report(
                    "https://\(host):\(server.port)/mcp", authority: certificates.authority)
                #expect(report.findings.status == .tlsError)
                #expect(
                    report.findings.reason?.hasSuffix("the certificate is for another host") == true,
                    "\(report.findings.reason ?? "")")
            }
            #expect(server.received.isEmpty)
        }

        @Test func `says that a server speaks no TLS`() async throws {
            try await RealServer.with { server in
                let sealed = server.url.replacing("http://", with: "https://")
                let report = try await Probing.report(sealed)
                #expect(report.findings.status == .tlsError)
                #expect(report.findings.reason?.hasSuffix("the server speaks no TLS") == true)
            }
        }

        @Test func `says that a server hangs up`() async throws {
            let server = try await ScriptedServer.start(onConnect: .close) { .modern($0) }
            let report = try await Probing.report("https://127.0.0.1:\(server.port)/mcp")
            #expect(report.findings.status == .tlsError)
            let reason = report.findings.reason ?? ""
            #expect(
                reason.hasSuffix("the server has hung up") || reason.hasSuffix("Connection reset by peer"), "\(reason)")
        }

        @Test func `does not take a cut for the end of an answer`() async throws {
            let certificates = try Certificates()
            for (isCut, status) in [(false, ProbeStatus.ok), (true, .httpError)] {
                let server = try await ScriptedServer.start(tls: try certificates.serverContext()) { request in
                    let answer =
                        "HTTP/1.1 200 X\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
                        + ScriptedServer.Reply.message(request)
                    return isCut ? .cut(answer) : .last(answer)
                }
                let report = try await Probing.report(
                    "https://localhost:\(server.port)/mcp", authority: certificates.authority)
                #expect(report.findings.status == status, "\(report.findings.reason ?? "")")
            }
        }

        @Test func `does not follow from https to http`() async throws {
            let certificates = try Certificates()
            let plain = try await ScriptedServer.start { .modern($0) }
            let plainURL = plain.url
            let server = try await ScriptedServer.start(tls: try certificates.serverContext()) { _ in
                .redirect(307, to: plainURL)
            }
            let report = try await Probing.report(
                "https://localhost:\(server.port)/mcp", authority: certificates.authority)
            #expect(report.findings.reason == "server/discover: the redirect leads from https to http")
            #expect(plain.received.isEmpty)
        }

        @Test func `says which file of authorities cannot be used`() throws {
            let folder = try TemporaryFolder()
            for file in ["/nonexistent", try folder.write("empty.pem", ""), try folder.write("not.pem", "hello")] {
                #expect(throws: FileComplaint.self) { _ = try TrustedAuthorities.context(with: file) }
            }
        }
    }
}
