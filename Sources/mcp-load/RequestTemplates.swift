import Wire

/// Every request that a client sends, in the form that its era wants (MCP 2026-07-28 and 2025-11-25, "Transports").
struct RequestTemplates: Sendable {
    /// The revision that legacy handshakes offer.
    static let legacyRevision = "2025-11-25"
    /// The revision of stateless requests.
    static let modernRevision = "2026-07-28"

    private let settings: LoadSettings

    /// The requests of a run.
    init(_ settings: LoadSettings) {
        self.settings = settings
    }

    /// `server/discover`, to find out the era.
    var discover: RequestTemplate { modern("server/discover", name: nil, parameters: "") }

    /// `initialize`.
    var initialize: RequestTemplate {
        let parameters = """
            "protocolVersion":"\(RequestTemplates.legacyRevision)","capabilities":{},\
            "clientInfo":{"name":"mcp-load","version":"1"}
            """
        return request(head(""), method: "initialize", parameters: parameters)
    }

    /// `notifications/initialized` in a session.
    func initialized(_ session: LegacySession) -> RequestTemplate {
        RequestTemplate(
            head: head(session.headerLines), start: #"{"jsonrpc":"2.0","method":"notifications/initialized""#,
            hasID: false, rest: "}")
    }

    /// The end of a session.
    func delete(_ session: LegacySession) -> RequestTemplate {
        RequestTemplate(head: requestLine("DELETE") + session.headerLines + settings.headers.joined())
    }

    /// The call that is measured, stateless.
    var modernCall: RequestTemplate {
        modern(settings.call.method, name: settings.call.tool, parameters: settings.call.parameters)
    }

    /// The call that is measured, in a session.
    func legacyCall(_ session: LegacySession) -> RequestTemplate {
        request(head(session.headerLines), method: settings.call.method, parameters: settings.call.parameters)
    }

    private func modern(_ method: String, name: String?, parameters: String) -> RequestTemplate {
        var lines = "MCP-Protocol-Version: \(RequestTemplates.modernRevision)\r\nMcp-Method: \(method)\r\n"
        if let name {
            var value: [UInt8] = []
            Array(name.utf8).withUnsafeBytes { MCPHeaderText.encode(ByteView($0), into: &value) }
            lines += "Mcp-Name: \(String(decoding: value, as: UTF8.self))\r\n"
        }
        let meta = """
            "_meta":{"io.modelcontextprotocol/protocolVersion":"\(RequestTemplates.modernRevision)",\
            "io.modelcontextprotocol/clientInfo":{"name":"mcp-load","version":"1"},\
            "io.modelcontextprotocol/clientCapabilities":{}}
            """
        let separator = parameters.isEmpty ? "" : ","
        return request(head(lines), method: method, parameters: parameters + separator + meta)
    }

    private func request(_ head: String, method: String, parameters: String) -> RequestTemplate {
        let params = parameters.isEmpty ? "" : #","params":{\#(parameters)}"#
        return RequestTemplate(
            head: head, start: #"{"jsonrpc":"2.0","id":"#, hasID: true, rest: #","method":"\#(method)"\#(params)}"#)
    }

    private func head(_ lines: String) -> String {
        requestLine("POST") + "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
            + lines + settings.headers.joined()
    }

    private func requestLine(_ method: String) -> String {
        "\(method) \(settings.endpoint.target) HTTP/1.1\r\nHost: \(settings.endpoint.authority)\r\n"
    }
}
