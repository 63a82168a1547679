import NIOCore
import Wire

/// The requests of the gateway's own to one backend, by which it listens to it and reads its tools, as they go out.
struct ListeningRequests: Sendable {
    private let authority: String
    private let path: String

    /// Requests to the endpoint of `plan`.
    init(_ plan: BackendPlan) {
        authority = plan.authority
        path = plan.path
    }

    /// What a legacy backend and the gateway have agreed on.
    struct Session {
        /// The id of the session; `nil` if the backend has none.
        var id: [UInt8]?
        /// The revision, as it is written.
        var version: [UInt8]
    }

    // MARK: Modern

    /// `subscriptions/listen` for all lists and for `resources` (MCP 2026-07-28, Subscriptions).
    func listen(to resources: Set<[UInt8]>, number: Int) -> ByteBuffer {
        var body = ByteBuffer()
        body.writeString(
            """
            {"jsonrpc":"2.0","id":"listen-\(number)","method":"subscriptions/listen","params":{"notifications":\
            {"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true
            """)
        if !resources.isEmpty {
            body.writeStaticString(",\"resourceSubscriptions\":[")
            for (position, uri) in resources.enumerated() {
                if position > 0 { body.writeStaticString(",") }
                body.writeJSONString(uri)
            }
            body.writeStaticString("]")
        }
        body.writeString(
            """
            },"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",\
            "io.modelcontextprotocol/clientInfo":{"name":"mcp-gateway","version":"1"},\
            "io.modelcontextprotocol/clientCapabilities":{}}}}
            """)
        return post(body, "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: subscriptions/listen\r\n")
    }

    /// The page behind `cursor`, JSON text as it came, of `tools/list` (MCP 2026-07-28, Tools).
    func listTools(after cursor: [UInt8]?, id: String) -> ByteBuffer {
        var body = ByteBuffer(string: "{\"jsonrpc\":\"2.0\",\"id\":\"\(id)\",\"method\":\"tools/list\",\"params\":{")
        if let cursor {
            body.writeStaticString("\"cursor\":")
            body.writeBytes(cursor)
            body.writeStaticString(",")
        }
        body.writeString(
            """
            "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",\
            "io.modelcontextprotocol/clientInfo":{"name":"mcp-gateway","version":"1"},\
            "io.modelcontextprotocol/clientCapabilities":{}}}}
            """)
        return post(body, "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\n")
    }

    // MARK: Legacy

    /// The same in a session.
    func listTools(after cursor: [UInt8]?, id: String, _ session: Session) -> ByteBuffer {
        var body = ByteBuffer(string: "{\"jsonrpc\":\"2.0\",\"id\":\"\(id)\",\"method\":\"tools/list\"")
        if let cursor {
            body.writeStaticString(",\"params\":{\"cursor\":")
            body.writeBytes(cursor)
            body.writeStaticString("}")
        }
        body.writeStaticString("}")
        return post(body, fields(session))
    }

    /// `initialize`, without any capability of a client.
    func initialize() -> ByteBuffer {
        let version = MCPProtocolVersion.newestLegacy.text
        return post(
            ByteBuffer(
                string: """
                    {"jsonrpc":"2.0","id":"initialize","method":"initialize","params":{"protocolVersion":"\(version)",\
                    "capabilities":{},"clientInfo":{"name":"mcp-gateway","version":"1"}}}
                    """), "")
    }

    /// `notifications/initialized`.
    func initialized(_ session: Session) -> ByteBuffer {
        post(ByteBuffer(string: #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#), fields(session))
    }

    /// `ping`.
    func ping(_ session: Session) -> ByteBuffer {
        post(ByteBuffer(string: #"{"jsonrpc":"2.0","id":"ping","method":"ping"}"#), fields(session))
    }

    /// `resources/subscribe`.
    func subscribe(to uri: [UInt8], _ session: Session) -> ByteBuffer {
        var body = ByteBuffer(
            string: #"{"jsonrpc":"2.0","id":"subscribe","method":"resources/subscribe","params":{"uri":"#)
        body.writeJSONString(uri)
        body.writeStaticString("}}")
        return post(body, fields(session))
    }

    /// The answer to a request of the backend with this id, JSON as it came: nothing to a `ping`, and to all else that
    /// there is no such method.
    func answer(toPing isPing: Bool, id: [UInt8], _ session: Session) -> ByteBuffer {
        var body = ByteBuffer(string: #"{"jsonrpc":"2.0","id":"#)
        body.writeBytes(id)
        body.writeString(
            isPing ? #","result":{}}"# : #","error":{"code":-32601,"message":"Method not found"}}"#)
        return post(body, fields(session))
    }

    /// The GET for the stream of the session, from behind the event with this id on.
    func stream(_ session: Session, after event: [UInt8]? = nil) -> ByteBuffer {
        var head = ByteBuffer(string: "GET \(path) HTTP/1.1\r\nHost: \(authority)\r\nAccept: text/event-stream\r\n")
        head.writeString(fields(session))
        if let event { head.writeString("Last-Event-ID: \(String(decoding: event, as: UTF8.self))\r\n") }
        head.writeStaticString("\r\n")
        return head
    }

    /// The DELETE of the session.
    func delete(_ session: Session) -> ByteBuffer {
        ByteBuffer(string: "DELETE \(path) HTTP/1.1\r\nHost: \(authority)\r\n\(fields(session))\r\n")
    }

    private func fields(_ session: Session) -> String {
        let id = session.id.map { "Mcp-Session-Id: \(String(decoding: $0, as: UTF8.self))\r\n" } ?? ""
        return "MCP-Protocol-Version: \(String(decoding: session.version, as: UTF8.self))\r\n" + id
    }

    private func post(_ body: ByteBuffer, _ fields: String) -> ByteBuffer {
        var request = ByteBuffer(
            string: """
                POST \(path) HTTP/1.1\r\nHost: \(authority)\r\nContent-Type: application/json\r\n\
                Accept: application/json, text/event-stream\r\n\(fields)Content-Length: \(body.readableBytes)\r\n\r\n
                """)
        request.writeImmutableBuffer(body)
        return request
    }
}
