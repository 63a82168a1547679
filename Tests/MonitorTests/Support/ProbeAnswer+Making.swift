import Wire

@testable import mcp_monitor

extension ServerURL.Origin {
    /// Where the answers of these tests come from.
    static let test = ServerURL.Origin(isSecure: false, host: "127.0.0.1", port: 9_000)
}

extension ProbeAnswer {
    /// An answer without a JSON-RPC message.
    static func plain(_ status: Int, page: String = "", session: String? = nil) -> ProbeAnswer {
        ProbeAnswer(
            status: status, message: .none("has no body"), page: Array(page.utf8), sessionID: session, origin: .test)
    }

    /// A result.
    static func result(_ json: String, status: Int = 200, session: String? = nil) throws -> ProbeAnswer {
        ProbeAnswer(
            status: status, message: .result(try JSONValue.parse(json)), sessionID: session, origin: .test)
    }

    /// A refusal.
    static func error(_ code: Int64, status: Int = 200, data: String? = nil) throws -> ProbeAnswer {
        ProbeAnswer(
            status: status,
            message: .error(code: code, message: "no", data: try data.map { try JSONValue.parse($0) }),
            origin: .test)
    }

    /// What a modern server says of itself.
    static func discovery(_ revisions: String = #""2026-07-28""#, capabilities: String = #"{"tools":{}}"#) throws
        -> ProbeAnswer
    {
        try result(
            """
            {"resultType":"complete","supportedVersions":[\(revisions)],"capabilities":\(capabilities),
             "_meta":{"io.modelcontextprotocol/serverInfo":{"name":"demo","version":"7"}}}
            """)
    }

    /// What a legacy server answers to `initialize`.
    static func opened(
        _ revision: String = "2025-11-25", capabilities: String = #"{"tools":{}}"#, session: String? = "s-1"
    ) throws -> ProbeAnswer {
        try result(
            """
            {"protocolVersion":"\(revision)","capabilities":\(capabilities),"serverInfo":{"name":"old","version":"3"}}
            """, session: session)
    }

    /// Two tools.
    static func tools() throws -> ProbeAnswer {
        try result(#"{"tools":[{"name":"a"},{"name":"b"}]}"#)
    }
}

extension ProbeMachine.Action {
    /// What is sent; `nil` at the end.
    var request: ProbeRequest? {
        if case .send(let request) = self { request } else { nil }
    }

    /// The step of what is sent.
    var step: ProbeStep? { request?.step }
}
