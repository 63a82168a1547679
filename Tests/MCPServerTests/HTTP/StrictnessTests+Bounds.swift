import MCPServer
import NIOCore
import NIOPosix
import Testing
import Wire

/// The rows that are about how much: trailers, pipelined requests, unwanted bodies, and the time that a body costs.
extension StrictnessTests {
    // MARK: Trailers

    private static func chunked(_ body: String, trailers: String, fields: String = "") -> String {
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\(fields)Transfer-Encoding: chunked\r\n\r\n"
            + "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\(trailers)\r\n"
    }

    private static func lines(_ count: Int, of size: Int = 8) -> String {
        String(repeating: "A: \(String(repeating: "a", count: size - 5))\r\n", count: count)
    }

    static let trailers: [Row] = [
        ends(chunked(ping, trailers: lines(17)), 400), ends(chunked(ping, trailers: lines(2, of: 2_100)), 400),
        ends(chunked(ping, trailers: "A b\r\n"), 400), ends(chunked(ping, trailers: ": b\r\n"), 400),
        ends(chunked(ping, trailers: "A : b\r\n"), 400), ends(chunked(ping, trailers: "A: b\n"), 400),
        ends(chunked(ping, trailers: "A: \u{0}\r\n"), 400), ends(chunked(ping, trailers: "A: b\r\n c\r\n"), 400),
    ]

    @Test(arguments: trailers)
    func `takes no trailers that are too many, too long or malformed`(_ row: Row) async throws {
        try await check(row)
    }

    @Test func `drops trailers, whatever they are called`() async throws {
        try await TestServer.with { server in
            let session = try await server.openSession(.v2025_11_25)
            let field = "Mcp-Session-Id: \(session)\r\n"
            let client = try await server.connect()
            // In the head it is a session; behind the body it is nothing.
            let known = try await client.ask(StrictnessTests.chunked(StrictnessTests.ping, trailers: "", fields: field))
            #expect(known?.json?["result"] == [:])
            let unknown = try await client.ask(StrictnessTests.chunked(StrictnessTests.ping, trailers: field))
            #expect(unknown?.status == 400)
            for trailers in [
                "Content-Length: 7\r\n", "Transfer-Encoding: gzip\r\n", "Host: evil.example\r\n",
                "Connection: close\r\n",
                "Origin: null\r\n", "MCP-Protocol-Version: 1\r\n", StrictnessTests.lines(16),
                StrictnessTests.lines(1, of: 4_090),
            ] {
                let answer = try await client.ask(
                    StrictnessTests.chunked(StrictnessTests.ping, trailers: trailers, fields: field))
                #expect(answer?.json?["result"] == [:], "\(trailers.prefix(40))")
            }
            await client.close()
        }
    }

    // MARK: Names with an underscore

    @Test func `reads no field in a name with an underscore`() async throws {
        try await TestServer.with { server in
            let session = try await server.openSession(.v2025_11_25)
            let client = try await server.connect()
            // As the servers of old that hand fields on as variables would read them (CGI, RFC 3875 §4.1.18).
            var answer = try await client.ask(Request.post(StrictnessTests.ping, ["Mcp_Session_Id: \(session)"]))
            #expect(answer?.status == 400)
            answer = try await client.ask(
                Request.post(
                    StrictnessTests.ping,
                    [
                        "Mcp-Session-Id: \(session)", "Mcp_Session_Id: other", "Content_Length: 3",
                        "Transfer_Encoding: chunked",
                        "Content_Type: text/plain", "Content_Encoding: gzip", "MCP_Protocol_Version: 1",
                    ]))
            #expect(answer?.json?["result"] == [:])
            answer = try await client.ask(
                Request.modern(
                    "tools/call", #""name":"echo","arguments":{"text":"x"},"#, name: "echo",
                    fields: ["Mcp_Name: other", "Mcp_Method: other"]))
            #expect(answer?.status == 200)
            answer = try await client.ask(
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent_Length: 5\r\n\r\n")
            #expect(answer?.status == 411)
            #expect(await client.untilClosed() == "")
        }
    }

    @Test func `takes no parameter of a tool from a name with an underscore`() async throws {
        let tool = Located()
        try await TestServer.with(tools: [tool]) { server in
            func ask(_ fields: [String]) async throws -> RawClient.Answer {
                try await server.ask(
                    Request.modern(
                        "tools/call", #""name":"located","arguments":{"region":"north"},"#, name: "located",
                        fields: fields))
            }
            #expect(try await ask(["Mcp-Param-Region: north"]).status == 200)
            #expect(try await ask(["Mcp-Param-Region: north", "Mcp_Param_Region: south"]).status == 200)
            let without = try await ask(["Mcp_Param_Region: north"])
            #expect(without.status == 400)
            #expect(without.errorCode == -32_020)
        }
    }

    // MARK: Pipelining

    private static func numbered(_ id: Int, _ method: String = "ping", _ params: String = "{}", session: String)
        -> String
    {
        Request.post(
            #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#, ["Mcp-Session-Id: \(session)"])
    }

    @Test func `begins no pipelined request before the one in front of it is answered, and answers in order`()
        async throws
    {
        let gate = Gate()
        try await TestServer.with(tools: [gate]) { server in
            let session = try await server.openSession(.v2025_11_25)
            let client = try await server.connect()
            let count = 1_000
            let pings = (1...count).map { StrictnessTests.numbered($0, session: session) }.joined()
            let call = StrictnessTests.numbered(0, "tools/call", #"{"name":"gate"}"#, session: session)
            async let sent: Void = client.send(call + pings)
            await gate.begun.wait()
            // Another connection is served meanwhile: all that has come of this one had its turn.
            for _ in 0..<20 { try await server.expect(200, Request.modern("tools/list")) }
            #expect(server.metric(#"mcp_requests_total{method="ping",status="success"}"#) ?? 0 == 0)
            gate.opened.raise()
            for id in 0...count {
                let answer = try #require(await client.answer())
                #expect(answer.json?["id"] == .number(JSONNumber(Int64(id))))
            }
            try await sent
            #expect(server.metric(#"mcp_requests_total{method="ping",status="success"}"#) == count)
            await client.close()
        }
    }

    @Test func `reads no request while its answers are not taken`() async throws {
        let size = 64 * 1_024
        try await TestServer.with(tools: [Bulk(size: size)]) { server in
            let session = try await server.openSession(.v2025_11_25)
            let client = try await SlowClient.connect(to: server.http.localAddress)
            let count = 400
            for id in 0..<count {
                client.send(StrictnessTests.numbered(id, "tools/call", #"{"name":"bulk"}"#, session: session))
            }
            // When the server does nothing any more while it serves another connection, it waits for its answers to be taken.
            let name = #"mcp_requests_total{method="tools/call",status="success"}"#
            var (answered, unchanged) = (0, 0)
            while unchanged < 50 {
                try await server.expect(200, Request.modern("tools/list"))
                let now = server.metric(name) ?? 0
                unchanged = now == answered && now > 0 ? unchanged + 1 : 0
                answered = now
            }
            // What the two systems hold, some MiB at most, and 256 KiB in the server with the one that crossed that.
            #expect(answered * size <= 12 * 1_048_576, "\(answered)")
            #expect(answered < count)
            try await client.startReading()
            for id in 0..<count {
                let answer = try #require(await client.answer())
                #expect(answer.hasPrefix(#"{"jsonrpc":"2.0","id":\#(id),"#))
            }
            #expect(server.metric(name) == count)
            await client.close()
        }
    }

    // MARK: Bodies that nobody wants

    /// How a body is sent: with its length in the head, or in chunks of 16 KiB.
    enum Form: Sendable, CaseIterable {
        case length, chunks

        func fields(_ count: Int) -> String {
            self == .length ? "Content-Length: \(count)\r\n" : "Transfer-Encoding: chunked\r\n"
        }

        func body(_ count: Int) -> String {
            guard self == .chunks else { return String(repeating: "G", count: count) }
            let (whole, rest) = count.quotientAndRemainder(dividingBy: 16_384)
            let last = rest > 0 ? "\(String(rest, radix: 16))\r\n\(String(repeating: "G", count: rest))\r\n" : ""
            return String(repeating: "4000\r\n\(String(repeating: "G", count: 16_384))\r\n", count: whole) + last
                + "0\r\n\r\n"
        }
    }

    /// What is refused by its head, and the status.
    static let unwanted: [(String, Int)] = [
        ("POST /nothing", 404), ("PUT /mcp", 405), ("POST /mcp", 415),
    ]

    @Test(arguments: unwanted, Form.allCases)
    func `throws up to 256 KiB of an unwanted body away and goes on`(_ refused: (String, Int), _ form: Form)
        async throws
    {
        try await TestServer.with { server in
            let client = try await server.connect()
            for count in [1, 16_384, 262_144] {
                let head =
                    "\(refused.0) HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n\(form.fields(count))\r\n"
                // The answer does not wait for the body.
                let answer = try #require(try await client.ask(head))
                #expect(answer.status == refused.1)
                #expect(answer.fields["connection"] == nil)
                let next = try #require(try await client.ask(form.body(count) + Request.get("/nothing")))
                #expect(next.status == 404)
            }
            await client.close()
        }
    }

    @Test(arguments: unwanted, Form.allCases)
    func `closes rather than throw more than 256 KiB away`(_ refused: (String, Int), _ form: Form) async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            let count = 262_145
            try await client.send(
                "\(refused.0) HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n\(form.fields(count))\r\n")
            let answer = try #require(await client.answer())
            #expect(answer.status == refused.1)
            // The connection may be gone before all of it is sent.
            try? await client.send(form.body(count) + Request.get("/nothing"))
            // Nothing of it is read as a request.
            #expect(await client.untilClosed() == "")
        }
    }

    @Test func `refuses a body that is too large before it comes`() async throws {
        try await TestServer.with({ $0.maximumRequestBytes = 1_000 }) { server in
            for fields in ["Content-Length: 1001\r\n", "Expect: 100-continue\r\nContent-Length: 1001\r\n"] {
                let client = try await server.connect()
                try await client.send(
                    "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\(fields)\r\n")
                let answer = try #require(await client.answer())
                #expect(answer.status == 413)
                #expect(answer.fields["connection"] == "close")
                #expect(await client.untilClosed() == "")
            }
        }
    }

    // MARK: Expectations

    @Test func `asks for a body that is wanted, and for no other`() async throws {
        try await TestServer.with({ $0.hasSessions = false }) { server in
            let ping = StrictnessTests.ping
            func head(
                _ path: String, _ fields: String = "Content-Type: application/json\r\n", host: String = "localhost"
            )
                -> String
            {
                "POST \(path) HTTP/1.1\r\nHost: \(host)\r\n\(fields)Expect: 100-Continue\r\n"
                    + "Content-Length: \(ping.utf8.count)\r\n\r\n"
            }
            let client = try await server.connect()
            for _ in 0..<2 {
                #expect(try await client.ask(head("/mcp"))?.status == 100)
                #expect(try await client.ask(ping)?.json?["result"] == [:])
            }
            // Whoever has sent the body already needs not be asked for it.
            #expect(try await client.ask(head("/mcp") + ping)?.status == 200)
            await client.close()
            // After a refusal nobody knows whether the body will come.
            for (text, status) in [
                (head("/nothing"), 404), (head("/mcp", "Content-Type: text/plain\r\n"), 415),
                (head("/mcp", host: "a.example"), 421),
                (head("/mcp", "Content-Type: application/json\r\nOrigin: null\r\n"), 403),
            ] {
                let client = try await server.connect()
                let answer = try #require(try await client.ask(text))
                #expect(answer.status == status)
                #expect(answer.fields["connection"] == "close")
                #expect(await client.untilClosed() == "")
            }
        }
    }

    @Test func `meets no expectation but that one`() async throws {
        try await TestServer.with({ $0.hasSessions = false }) { server in
            let client = try await server.connect()
            for expectation in ["200-ok", "100-continue, a", "100-continue\r\nExpect: 100-continue", ""] {
                let answer = try await client.ask(Request.post(StrictnessTests.ping, ["Expect: \(expectation)"]))
                #expect(answer?.status == 417)
            }
            #expect(try await client.ask(Request.post(StrictnessTests.ping))?.status == 200)
            await client.close()
        }
    }
}

/// A tool whose parameter is repeated in the head of a call.
private struct Located: SynchronousTool {
    let definition = ToolDefinition(
        name: "located", description: "Is somewhere.",
        inputSchema: #"{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}"#)

    func run(_ call: ToolCall) throws -> ToolResult { .text("here") }
}

/// Returns a long text.
private struct Bulk: SynchronousTool {
    let definition = ToolDefinition(name: "bulk", description: "Says much.", inputSchema: #"{"type":"object"}"#)
    let text: String

    init(size: Int) {
        text = String(repeating: "b", count: size)
    }

    func run(_ call: ToolCall) throws -> ToolResult { .text(text) }
}

/// A client that takes nothing until it is told to, and for which its system takes as little as it can; gives the bodies of
/// answers.
private final class SlowClient: Sendable {
    /// Cuts bodies out of answers that have a length.
    private final class Cutter: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private var received = ByteBuffer()
        private var bodyLength: Int?
        private let bodies: AsyncStream<String>.Continuation

        init(_ bodies: AsyncStream<String>.Continuation) { self.bodies = bodies }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var more = unwrapInboundIn(data)
            received.writeBuffer(&more)
            received.discardReadBytes()
            while cut() {}
        }

        private func cut() -> Bool {
            if let length = bodyLength {
                guard let body = received.readString(length: length) else { return false }
                bodyLength = nil
                bodies.yield(body)
                return true
            }
            let view = received.readableBytesView
            guard let end = view.prefix(1_024).firstRange(of: Array("\r\n\r\n".utf8)) else { return false }
            let head = received.readString(length: end.upperBound - view.startIndex) ?? ""
            bodyLength = head.split(separator: "Content-Length: ").dropFirst().first
                .flatMap { $0.split(separator: "\r\n").first }.flatMap { Int($0) }
            return bodyLength != nil
        }

        func channelInactive(context: ChannelHandlerContext) { bodies.finish() }
    }

    private let channel: any Channel
    private let bodies: AsyncStream<String>

    private init(_ channel: any Channel, _ bodies: AsyncStream<String>) {
        self.channel = channel
        self.bodies = bodies
    }

    static func connect(to address: SocketAddress) async throws -> SlowClient {
        // As many as there are answers.
        let (bodies, continuation) = AsyncStream<String>.makeStream(bufferingPolicy: .unbounded)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: false)
            .channelOption(.socketOption(.so_rcvbuf), value: 65_536)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Cutter(continuation))
                }
            }
            .connect(to: address).get()
        return SlowClient(channel, bodies)
    }

    /// Sends, sooner or later.
    func send(_ text: String) {
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }

    func startReading() async throws {
        try await channel.setOption(.autoRead, value: true).get()
    }

    /// The body of the next answer.
    func answer() async -> String? {
        for await body in bodies { return body }
        return nil
    }

    func close() async {
        try? await channel.close().get()
    }
}
