import Wire

/// What the answer to `server/discover` says about the era of a server (MCP 2026-07-28, "Versioning").
enum EraVerdict: Hashable, Sendable {
    /// It is to be asked statelessly; what it says of itself, if it does.
    case modern(ServerDiscovery?)
    /// It needs `initialize`.
    case legacy
    /// It may be either.
    case noEvidence(ProbeFailure)

    /// Judges an answer.
    init(_ answer: ProbeAnswer) {
        if let failure = answer.refusal(of: .discover) {
            self = .noEvidence(failure)
            return
        }
        switch answer.message {
        case .none:
            self = .legacy
        case .result(let result):
            guard let names = EraVerdict.names(result["supportedVersions"]) else {
                self = .legacy
                return
            }
            self = EraVerdict.verdict(names, ServerDiscovery(result))
        case .error(EraVerdict.unsupportedVersion, _, let data):
            guard let names = EraVerdict.names(data?["supported"]) else {
                self = .legacy
                return
            }
            self = EraVerdict.verdict(names, nil)
        case .error(let code, let message, _) where EraVerdict.modernRefusals.contains(code):
            self = .noEvidence(
                ProbeFailure(
                    .protocolError, "server/discover: refused with \(code): \(ProbeFailure.quoted(message))"))
        case .error:
            self = .legacy
        }
    }

    private static let unsupportedVersion: Int64 = -32_022
    /// HeaderMismatch and MissingRequiredClientCapability: only modern servers know them.
    private static let modernRefusals: Set<Int64> = [-32_020, -32_021]

    private static func names(_ value: JSONValue?) -> [String]? {
        value?.arrayValue.map { $0.compactMap(\.stringValue) }
    }

    private static func verdict(_ names: [String], _ discovery: ServerDiscovery?) -> EraVerdict {
        let known = names.compactMap { name in
            Array(name.utf8).withUnsafeBytes { MCPProtocolVersion(ByteView($0)) }
        }
        if known.contains(where: { $0.era == .modern }) { return .modern(discovery) }
        if !known.isEmpty || names.isEmpty { return .legacy }
        let quoted = ProbeFailure.quoted(names.joined(separator: ", "))
        return .noEvidence(
            ProbeFailure(.protocolError, "server/discover: the server speaks only \(quoted), which is not known"))
    }
}

/// What a modern server says of itself.
struct ServerDiscovery: Hashable, Sendable {
    /// Whether it has tools.
    var hasTools: Bool
    /// What it runs.
    var software: String?

    /// Reads the result of `server/discover`.
    init(_ result: JSONValue) {
        hasTools = result["capabilities"]?["tools"] != nil
        software = ProbeFindings.software(result["_meta"]?["io.modelcontextprotocol/serverInfo"])
    }
}
