import NIOCore
import Testing
import Wire

@testable import Gateway

@Suite struct `the rules for heads` {
    private static let good = [
        "Host: localhost:8080", "Content-Type: application/json", "Accept: application/json, text/event-stream",
        "Content-Length: 2",
    ]

    private let plan: GatewayPlan

    init() throws {
        let text = """
            listen: 127.0.0.1:0
            pools:
              tools: { backends: [ "http://127.0.0.1:9001/mcp" ] }
              search: { backends: [ "http://127.0.0.1:9002/mcp" ] }
            routes:
              - { path: /mcp, pool: tools }
              - { path: /search/mcp, pool: search }
            limits: { max_body: 64KiB }
            """
        let loader = ConfigurationLoader(environment: ConfigurationEnvironment(variables: [:]))
        let configuration = try loader.load(contents: Array(text.utf8)).configuration
        plan = GatewayPlan(configuration, shardCount: 1, seed: 1, now: .init(NIODeadline.uptimeNanoseconds(0)))
    }

    private enum Outcome: Equatable {
        case pool(Int)
        case failure(GatewayFailure)
    }

    private func judge(
        _ line: String, _ fields: [String], origins: [String] = [], hosts: [String] = [],
        listening: String = "127.0.0.1"
    ) throws -> Outcome {
        let access = AccessRules(
            origins: origins, hosts: hosts, listeningOn: SocketAddressSetting(host: listening, port: 8_080))
        let bytes = Array(([line] + fields + ["", ""]).joined(separator: "\r\n").utf8)
        return try bytes.withUnsafeBytes { raw in
            let view = ByteView(raw)
            var parser = HTTPHeadParser(.request)
            let isComplete = try parser.parse(view)
            #expect(isComplete)
            switch HeadRules(plan, access: access).judge(parser.request, view) {
            case .pass(let pool): return .pool(pool)
            case .fail(let failure): return .failure(failure)
            }
        }
    }

    private func post(without: String = "-", adding: [String] = [], path: String = "/mcp") throws -> Outcome {
        try judge("POST \(path) HTTP/1.1", Self.good.filter { !$0.hasPrefix(without) } + adding)
    }

    @Test func `send each path to its pool`() throws {
        #expect(try post() == .pool(0))
        #expect(try post(path: "/search/mcp") == .pool(1))
        #expect(try post(path: "/mcp?x=1") == .pool(0))
    }

    @Test(arguments: [
        "//mcp", "/mcp/", "/mcp/..", "/%6dcp", "/mcp%2f", "/mcp;x", "/MCP", "/", "/search", "/search/mcp/x",
    ])
    func `know no path but those of routes, byte for byte`(path: String) throws {
        #expect(try post(path: path) == .failure(.notFound))
    }

    @Test(arguments: ["PUT", "PATCH", "OPTIONS", "HEAD", "TRACE", "post"])
    func `refuse other methods`(method: String) throws {
        #expect(try judge("\(method) /mcp HTTP/1.1", Self.good) == .failure(.methodNotAllowed))
    }

    @Test func `want a length or chunks`() throws {
        #expect(try post(without: "Content-Length") == .failure(.lengthRequired))
        #expect(try post(without: "Content-Length", adding: ["Transfer-Encoding: chunked"]) == .pool(0))
        #expect(try post(without: "Content-Length", adding: ["Content-Length: 65537"]) == .failure(.payloadTooLarge))
        #expect(try post(without: "Content-Length", adding: ["Content-Length: 65536"]) == .pool(0))
    }

    @Test(arguments: [
        ("application/json", true), ("Application/JSON; charset=utf-8", true), ("text/plain", false),
        ("application/jsonp", false), ("application/json, text/plain", false), ("", false),
    ])
    func `want JSON`(type: String, isFine: Bool) throws {
        let outcome = try post(without: "Content-Type", adding: ["Content-Type: \(type)"])
        #expect(outcome == (isFine ? .pool(0) : .failure(.unsupportedMediaType)))
    }

    @Test func `refuse a content coding and a missing type`() throws {
        #expect(try post(adding: ["Content-Encoding: gzip"]) == .failure(.unsupportedMediaType))
        #expect(try post(without: "Content-Type") == .failure(.unsupportedMediaType))
    }

    @Test(arguments: [
        ("application/json", true), ("text/event-stream", true), ("*/*", true), ("text/*;q=0.1, image/png", true),
        ("text/html", false), ("application/xml, image/*", false),
    ])
    func `want a client that takes JSON or events`(accept: String, isFine: Bool) throws {
        let outcome = try post(without: "Accept", adding: ["Accept: \(accept)"])
        #expect(outcome == (isFine ? .pool(0) : .failure(.notAcceptable)))
    }

    @Test func `take an absent Accept for every form`() throws {
        #expect(try post(without: "Accept") == .pool(0))
    }

    @Test(arguments: ["Authorization: Bearer a", "Content-Type: application/json", "Mcp-Session-Id: a"])
    func `refuse fields twice that two readers could read differently`(field: String) throws {
        let outcome = try post(without: "Content-Type", adding: ["Content-Type: application/json", field, field])
        #expect(outcome == .failure(.badRequest))
    }

    @Test(arguments: [
        ("localhost", true), ("localhost:1234", true), ("LOCALHOST", true), ("127.0.0.1:8080", true),
        ("[::1]:80", true),
        ("evil.example", false), ("localhost.evil.example", false), ("127.0.0.2", false),
    ])
    func `on loopback serve loopback names only`(host: String, isFine: Bool) throws {
        let outcome = try post(without: "Host", adding: ["Host: \(host)"])
        #expect(outcome == (isFine ? .pool(0) : .failure(.misdirectedRequest)))
    }

    @Test func `elsewhere serve every name, or those that are listed`() throws {
        let fields = Self.good.filter { !$0.hasPrefix("Host") } + ["Host: gw.example:8443"]
        #expect(try judge("POST /mcp HTTP/1.1", fields, listening: "0.0.0.0") == .pool(0))
        #expect(try judge("POST /mcp HTTP/1.1", fields, hosts: ["gw.example"], listening: "0.0.0.0") == .pool(0))
        #expect(try judge("POST /mcp HTTP/1.1", fields, hosts: ["gw.example:8443"], listening: "0.0.0.0") == .pool(0))
        #expect(
            try judge("POST /mcp HTTP/1.1", fields, hosts: ["gw.example:443"], listening: "0.0.0.0")
                == .failure(.misdirectedRequest))
    }

    @Test(arguments: [
        ("https://app.example", true), ("https://APP.example", true), ("https://app.example:444", false),
        ("http://app.example", false), ("null", false), ("https://app.example.evil", false),
    ])
    func `let in pages of listed origins only`(origin: String, isFine: Bool) throws {
        let outcome = try judge(
            "POST /mcp HTTP/1.1", Self.good + ["Origin: \(origin)"], origins: ["https://app.example"])
        #expect(outcome == (isFine ? .pool(0) : .failure(.originNotAllowed)))
    }

    @Test(arguments: ["GET", "DELETE"], ["Content-Length: 5", "Transfer-Encoding: chunked"])
    func `let no body come along where nobody reads one`(method: String, framing: String) throws {
        let fields = ["Host: localhost", "Accept: text/event-stream", framing]
        #expect(try judge("\(method) /mcp HTTP/1.1", fields) == .failure(.badRequest))
        #expect(try judge("\(method) /mcp HTTP/1.1", Array(fields.dropLast()) + ["Content-Length: 0"]) == .pool(0))
    }

    @Test func `let a session be listened to and ended`() throws {
        #expect(try judge("GET /mcp HTTP/1.1", ["Host: localhost", "Accept: text/event-stream"]) == .pool(0))
        #expect(
            try judge("GET /mcp HTTP/1.1", ["Host: localhost", "Accept: application/json"]) == .failure(.notAcceptable))
        #expect(try judge("DELETE /mcp HTTP/1.1", ["Host: localhost"]) == .pool(0))
    }
}
