import Wire

/// The requests of probes in the form that each era wants (MCP 2026-07-28 and 2025-11-25, "Transports").
enum ProbeRequests {
    /// The revision that is offered in `initialize`.
    static let legacyRevision = "\(MCPProtocolVersion.newestLegacy.text)"
    /// The revision of stateless requests.
    static let modernRevision = "\(MCPProtocolVersion.newestModern.text)"

    private static let client = #"{"name":"mcp-monitor","version":"\#(MonitorCommand.version)"}"#
    private static let postLines =
        "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"

    /// The health page.
    static let health = ProbeRequest(step: .health, verb: "GET", lines: "Accept: application/json, */*\r\n")

    /// A stateless request.
    ///
    /// - Parameters:
    ///   - name: the tool, which is said in a header as well.
    ///   - parameters: members of `params` beside `_meta`, as JSON.
    static func modern(
        _ step: ProbeStep, id: Int, name: String? = nil, parameters: String = ""
    ) -> ProbeRequest {
        var lines = postLines + "MCP-Protocol-Version: \(modernRevision)\r\nMcp-Method: \(step.rawValue)\r\n"
        if let name {
            var value: [UInt8] = []
            Array(name.utf8).withUnsafeBytes { MCPHeaderText.encode(ByteView($0), into: &value) }
            lines += "Mcp-Name: \(String(decoding: value, as: UTF8.self))\r\n"
        }
        let meta = """
            "_meta":{"io.modelcontextprotocol/protocolVersion":"\(modernRevision)",\
            "io.modelcontextprotocol/clientInfo":\(client),"io.modelcontextprotocol/clientCapabilities":{}}
            """
        return ProbeRequest(
            step: step, verb: "POST", id: id, lines: lines,
            body: message(step, id, parameters.isEmpty ? meta : "\(parameters),\(meta)"))
    }

    /// `initialize`.
    static func initialize(id: Int) -> ProbeRequest {
        let parameters = #""protocolVersion":"\#(legacyRevision)","capabilities":{},"clientInfo":\#(client)"#
        return ProbeRequest(
            step: .initialize, verb: "POST", id: id, lines: postLines, body: message(.initialize, id, parameters))
    }

    /// `notifications/initialized`.
    static func initialized(_ session: ProbeSession?, _ revision: MCPProtocolVersion) -> ProbeRequest {
        ProbeRequest(
            step: .initialized, verb: "POST", lines: postLines + versionLine(revision),
            body: #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, session: session)
    }

    /// A request in a session, or of one who has none.
    static func legacy(
        _ step: ProbeStep, id: Int, _ session: ProbeSession?, _ revision: MCPProtocolVersion, parameters: String = ""
    ) -> ProbeRequest {
        ProbeRequest(
            step: step, verb: "POST", id: id, lines: postLines + versionLine(revision),
            body: message(step, id, parameters), session: session)
    }

    /// The end of a session.
    static func endSession(_ session: ProbeSession, _ revision: MCPProtocolVersion) -> ProbeRequest {
        ProbeRequest(step: .endSession, verb: "DELETE", lines: versionLine(revision), session: session)
    }

    private static func message(_ step: ProbeStep, _ id: Int, _ parameters: String) -> String {
        let params = parameters.isEmpty ? "" : #","params":{\#(parameters)}"#
        return #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(step.rawValue)"\#(params)}"#
    }

    /// The header came with 2025-06-18.
    private static func versionLine(_ revision: MCPProtocolVersion) -> String {
        revision >= .v2025_06_18 ? "MCP-Protocol-Version: \(revision.text)\r\n" : ""
    }
}
