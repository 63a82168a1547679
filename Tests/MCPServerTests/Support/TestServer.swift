import MCPServer
import NIOCore
import NIOPosix
import Testing
import Wire

/// A server on a port of its own, asked over real sockets. What it says is judged, see `RawClient`.
struct TestServer {
    let server: MCPServer
    let http: MCPHTTPServer
    let metrics: ServerMetrics

    /// Starts a server, lets `body` use it, and stops it.
    static func with(
        _ change: (inout HTTPServerSettings) -> Void = { _ in }, tools: [any Tool] = [Echo(), Plain()],
        eras: Set<MCPEra> = [.legacy, .modern], loops: Int = 1, _ body: (TestServer) async throws -> Void
    ) async throws {
        var settings = HTTPServerSettings()
        settings.port = 0
        change(&settings)
        let metrics = ServerMetrics()
        let server = MCPServer(
            ServerInfo(name: "test", version: "1"), tools: tools, resources: [Note()], eras: eras,
            logger: silentLogger)
        let group = MultiThreadedEventLoopGroup.singleton
        let http = try await MCPHTTPServer.start(
            server, settings: settings, metrics: metrics, on: Array(group.makeIterator().prefix(loops)))
        do {
            try await body(TestServer(server: server, http: http, metrics: metrics))
        } catch {
            await http.drain(timeout: .seconds(1))
            throw error
        }
        await http.drain(timeout: .seconds(1))
    }

    func connect() async throws -> RawClient {
        try await RawClient.connect(to: http.localAddress)
    }

    /// One request on a connection of its own.
    func ask(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> RawClient.Answer {
        let client = try await connect()
        let answer = try await client.ask(text, sourceLocation: sourceLocation)
        await client.close(sourceLocation: sourceLocation)
        return try #require(answer, sourceLocation: sourceLocation)
    }

    /// Checks the status of one request.
    func expect(_ status: Int, _ text: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let answer = try await ask(text, sourceLocation: sourceLocation)
        #expect(answer.status == status, "\(answer.body)", sourceLocation: sourceLocation)
    }

    /// Opens a session and gives its id.
    func openSession(_ version: MCPProtocolVersion) async throws -> String {
        let answer = try await ask(Request.initialize(version))
        #expect(answer.status == 200)
        return try #require(answer.fields["mcp-session-id"])
    }

    /// The value of a metric, by the whole text in front of it.
    func metric(_ name: String) -> Int? {
        String(buffer: metrics.page()).split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .flatMap { Int($0.dropFirst(name.utf8.count + 1)) }
    }
}

/// Texts of requests.
enum Request {
    static func post(_ body: String, _ fields: [String] = [], path: String = "/mcp") -> String {
        var text = "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        if !fields.contains(where: { $0.hasPrefix("Content-Type") }) { text += "Content-Type: application/json\r\n" }
        if !fields.contains(where: { $0.hasPrefix("Accept:") }) {
            text += "Accept: application/json, text/event-stream\r\n"
        }
        for field in fields { text += field + "\r\n" }
        return text + "Content-Length: \(body.utf8.count)\r\n\r\n" + body
    }

    static func get(_ path: String, _ fields: [String] = ["Host: 127.0.0.1"], method: String = "GET") -> String {
        "\(method) \(path) HTTP/1.1\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    static func initialize(_ version: MCPProtocolVersion) -> String {
        post(
            #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"\#(version.text)","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#
        )
    }

    static func legacy(_ method: String, _ params: String = "{}", session: String?) -> String {
        post(
            #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#,
            session.map { ["Mcp-Session-Id: \($0)"] } ?? [])
    }

    /// A modern request that is right unless told otherwise. `params` are members with a comma behind each.
    static func modern(
        _ method: String, _ params: String = "", name: String? = nil, version: String = "2026-07-28",
        fields: [String] = []
    ) -> String {
        let meta =
            #""_meta":{"io.modelcontextprotocol/protocolVersion":"\#(version)","io.modelcontextprotocol/clientCapabilities":{}}"#
        return post(
            #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":{\#(params)\#(meta)}}"#,
            ["MCP-Protocol-Version: \(version)", "Mcp-Method: \(method)"] + (name.map { ["Mcp-Name: \($0)"] } ?? [])
                + fields)
    }
}

extension RawClient.Answer {
    /// The body as JSON; `nil` if it is not.
    var json: JSONValue? { try? JSONValue.parse(body) }
    /// The code of the JSON-RPC error.
    var errorCode: Int64? { json?["error"]?["code"]?.int64Value }
}
