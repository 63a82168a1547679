import Testing

extension HTTPCall {
    /// The two ways to speak MCP.
    enum Era: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case legacy, modern

        var testDescription: String { rawValue }
    }

    static let jsonAndEvents = [
        (name: "Content-Type", value: "application/json"),
        (name: "Accept", value: "application/json, text/event-stream"),
    ]

    /// A call of a method with `params` as the members of a JSON object, in either era; without a session.
    static func mcp(
        _ method: String, id: String = "1", params: String = "", name: String? = nil, era: Era
    ) -> HTTPCall {
        var call = HTTPCall(fields: jsonAndEvents)
        var members = params
        switch era {
        case .legacy:
            call.fields.append((name: "MCP-Protocol-Version", value: "2025-11-25"))
        case .modern:
            call.fields.append((name: "MCP-Protocol-Version", value: "2026-07-28"))
            call.fields.append((name: "Mcp-Method", value: method))
            if let name { call.fields.append((name: "Mcp-Name", value: name)) }
            members += members.isEmpty ? "" : ","
            members += #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","#
            members += #""io.modelcontextprotocol/clientCapabilities":{}}"#
        }
        call.body = #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{\#(members)}}"#
        return call
    }

    /// A call of a tool.
    static func tool(_ name: String, _ arguments: String, id: String = "1", era: Era) -> HTTPCall {
        mcp("tools/call", id: id, params: #""name":"\#(name)","arguments":\#(arguments)"#, name: name, era: era)
    }

    /// `process_data` that upper-cases `mark`.
    static func process(_ mark: String, id: String = "1", era: Era) -> HTTPCall {
        tool("process_data", #"{"data":{"mark":"\#(mark)"},"operation":"transform"}"#, id: id, era: era)
    }

    /// The handshake of a legacy client.
    static func initialize(version: String = "2025-11-25") -> HTTPCall {
        HTTPCall(
            fields: jsonAndEvents,
            body: #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"\#(version)","#
                + #""capabilities":{},"clientInfo":{"name":"tests","version":"1"}}}"#)
    }

    /// The same call in a session.
    func inSession(_ session: String) -> HTTPCall {
        var call = self
        call.fields.append((name: "Mcp-Session-Id", value: session))
        return call
    }
}
