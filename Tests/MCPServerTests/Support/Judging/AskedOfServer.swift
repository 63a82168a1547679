import Wire

/// A request of a client, as far as it says what its answer must be like.
struct AskedOfServer: Sendable {
    var id: JSONValue
    var method: String
    /// The revision that the request names itself, or that it was sent in; `nil` if the session says it.
    var revision: MCPProtocolVersion?
    /// Whether it wants to run as a task of 2025-11-25.
    var isTask: Bool

    /// The requests in a message: one, none, or those of a batch.
    static func all(in message: JSONValue, _ revision: MCPProtocolVersion?) -> [AskedOfServer] {
        if let elements = message.arrayValue { return elements.flatMap { all(in: $0, revision) } }
        guard let id = message["id"], let method = message["method"]?.stringValue else { return [] }
        let params = message["params"]
        let named = params?["_meta"]?["io.modelcontextprotocol/protocolVersion"]?.stringValue
        return [
            AskedOfServer(
                id: id, method: method, revision: named.flatMap { MCPProtocolVersion(named: $0) } ?? revision,
                isTask: params?["task"] != nil)
        ]
    }
}

extension MCPProtocolVersion {
    /// The revision that is written like this.
    init?(named text: String) {
        guard let version = MCPProtocolVersion.allCases.first(where: { "\($0.text)" == text }) else { return nil }
        self = version
    }
}
