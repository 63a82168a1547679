import Testing

@testable import mcp_monitor

extension Sockets {
    @Suite struct ProberRedirectTests {
        @Test(arguments: [307, 308])
        func `follows a redirect with method, body and credentials at the same origin`(status: Int) async throws {
            let server = try await ScriptedServer.start { request in
                request.target == "/mcp" ? .redirect(status, to: "/real/mcp?x=1") : .modern(request)
            }
            let report = try await Probing.report(server.url) { $0.headerLines = "X-Key: secret\r\n" }
            #expect(report.findings.status == .ok)
            #expect(server.received.map(\.target) == ["/mcp", "/real/mcp?x=1", "/mcp", "/real/mcp?x=1"])
            #expect(
                server.received.allSatisfy {
                    $0.verb == "POST" && !$0.method.isEmpty && $0.text.contains("X-Key: secret")
                })
        }

        @Test func `shows its credentials to nobody else`() async throws {
            let other = try await ScriptedServer.start { .modern($0) }
            let otherURL = other.url
            let server = try await ScriptedServer.start { _ in .redirect(307, to: otherURL) }
            let token = try TemporaryFolder()
            let file = try token.write("token", "secret")
            let report = try await Probing.report(server.url) {
                $0.headerLines = "X-Key: secret\r\n"
                $0.bearer = .file(file)
            }
            #expect(report.findings.status == .ok)
            #expect(server.received.allSatisfy { $0.text.contains("Bearer secret") })
            #expect(other.received.count == 2)
            #expect(other.received.allSatisfy { !$0.text.contains("secret") })
        }

        @Test func `says why another server wants credentials`() async throws {
            let other = try await ScriptedServer.start { _ in .answer(401, "") }
            let otherURL = other.url
            let server = try await ScriptedServer.start { _ in .redirect(307, to: otherURL) }
            let report = try await Probing.report(server.url) { $0.headerLines = "X-Key: secret\r\n" }
            #expect(report.findings.status == .authError)
            #expect(
                report.findings.reason
                    == "server/discover: the answer has status 401; a redirect led to 127.0.0.1:\(other.port), to which no credentials go"
            )
        }

        @Test func `follows the health page as a browser would`() async throws {
            let server = try await ScriptedServer.start { request in
                switch request.target {
                case "/health": .redirect(302, to: "status/now")
                case "/status/now": .answer(503, "")
                default: .modern(request)
                }
            }
            let report = try await Probing.report(server.url) { $0.healthPath = "/health" }
            #expect(report.findings.status == .unhealthy)
        }

        @Test(arguments: [301, 302, 303])
        func `does not turn a call into a page view`(status: Int) async throws {
            let server = try await ScriptedServer.start { _ in .redirect(status, to: "/other") }
            let report = try await Probing.report(server.url)
            #expect(report.findings.status == .httpError)
            #expect(report.findings.reason?.contains("would turn POST into GET") == true)
            #expect(server.received.count == 1)
        }

        @Test func `does not go round in circles`() async throws {
            let server = try await ScriptedServer.start { _ in .redirect(307, to: "/mcp") }
            let report = try await Probing.report(server.url)
            #expect(report.findings.status == .httpError)
            #expect(report.findings.reason == "server/discover: more than 5 redirects")
            #expect(server.received.count == 6)
        }

        @Test(arguments: ["ftp://127.0.0.1/", "http://", "http://user:pw@127.0.0.1/", "javascript:alert(1)"])
        func `does not follow what is no URL of HTTP`(location: String) async throws {
            let server = try await ScriptedServer.start { _ in .redirect(307, to: location) }
            let report = try await Probing.report(server.url)
            #expect(report.findings.status == .httpError)
            #expect(server.received.count == 1)
        }

        @Test func `wants to know where to`() async throws {
            let server = try await ScriptedServer.start { _ in .answer(308, "") }
            let report = try await Probing.report(server.url)
            #expect(report.findings.reason == "server/discover: the answer has status 308 without a Location")
        }
    }
}
