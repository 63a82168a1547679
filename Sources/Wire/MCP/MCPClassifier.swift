/// Decides in which era a POST is to be understood, and refuses what contradicts itself.
///
/// The body decides; the headers are a cross-check (MCP 2026-07-28, Versioning and Streamable HTTP). In this order:
///
/// | message | verdict |
/// | --- | --- |
/// | a mirrored header line comes twice | -32020 |
/// | batch | legacy, where the session has settled on 2025-03-26; else -32600, as with a modern element or `initialize` in it |
/// | result or error | legacy; -32600 if the header names a modern revision |
/// | `initialize` without a valid modern envelope | legacy; -32020 if the header names a modern revision |
/// | request with a modern envelope | modern: envelope complete (-32602), headers equal body (-32020), revision served (-32022), method not removed (-32601) |
/// | request without, the header names a modern revision | -32602 |
/// | notification | modern by its envelope, else by its header, which it must have; else legacy |
/// | anything else | legacy |
///
/// Legacy messages whose header names a revision that nobody knows are refused with 400. Unknown methods pass.
public enum MCPClassifier {
    /// What the version header says.
    private enum HeaderVersion {
        case absent
        case known(MCPProtocolVersion)
        case unknown

        init(_ value: ByteView?) {
            guard let value else {
                self = .absent
                return
            }
            self = MCPProtocolVersion(value).map { .known($0) } ?? .unknown
        }

        var isModern: Bool {
            if case .known(let version) = self { version.era == .modern } else { false }
        }
    }

    /// Classifies the message that `envelope` was read from.
    ///
    /// `sessionVersion` is what the session of the request has settled on, `nil` without a session.
    public static func classify(
        _ envelope: JSONRPCEnvelope, body: ByteView, headers: MCPHeaderValues, sessionVersion: MCPProtocolVersion?
    ) throws(MCPRefusal) -> MCPClassification {
        let headerVersion = HeaderVersion(headers.protocolVersion)
        if headers.hasRepeatedLine {
            throw MCPRefusal(
                era: envelope.hasMetaProtocolVersion || headerVersion.isModern ? .modern : .legacy, .headerMismatch,
                message: "Header mismatch: a header that mirrors the body is repeated")
        }
        switch envelope.kind {
        case .batch:
            return try classifyBatch(envelope, headerVersion, sessionVersion)
        case .result, .error:
            if headerVersion.isModern {
                throw MCPRefusal(
                    era: .modern, .invalidRequest, message: "Clients do not send responses in this revision")
            }
            return try legacy(headerVersion, sessionVersion)
        case .notification:
            if envelope.hasMetaProtocolVersion || headerVersion.isModern {
                return try classifyModernNotification(envelope, body, headers, headerVersion)
            }
            return try legacy(headerVersion, sessionVersion)
        case .request:
            return try classifyRequest(envelope, body, headers, headerVersion, sessionVersion)
        }
    }

    /// Classifies a message that came without a head, over a pipe (MCP, stdio). `sessionVersion` is what an `initialize`
    /// before it has settled on.
    ///
    /// The era comes from the body alone: messages of both may come over one pipe, since a modern one needs nothing before it.
    public static func classify(
        _ envelope: JSONRPCEnvelope, body: ByteView, sessionVersion: MCPProtocolVersion?
    ) throws(MCPRefusal) -> MCPClassification {
        let legacy = MCPClassification(era: .legacy, version: sessionVersion)
        switch envelope.kind {
        case .batch: return try classifyBatch(envelope, HeaderVersion(nil), sessionVersion)
        case .result, .error: return legacy
        case .request, .notification: break
        }
        let method = envelope.method.map { MCPMethod($0, in: body) } ?? .unknown
        let fault = envelopeFault(envelope)
        guard envelope.hasMetaProtocolVersion, method != .initialize || fault == nil else { return legacy }
        if envelope.kind == .request, let fault { throw MCPRefusal(era: .modern, .invalidParams, message: fault) }
        let version = envelope.metaProtocolVersion.flatMap { text in
            text.unescaped(in: body).withUnsafeBytes { MCPProtocolVersion(ByteView($0)) }
        }
        guard let version, version.era == .modern else {
            throw MCPRefusal(
                era: .modern, .unsupportedVersion, requestedVersion: envelope.metaProtocolVersion?.range)
        }
        guard envelope.kind == .notification || method.isAvailable(in: .modern) else {
            throw MCPRefusal(era: .modern, .methodNotFound)
        }
        return MCPClassification(era: .modern, version: version)
    }

    // MARK: Legacy

    private static func legacy(
        _ headerVersion: HeaderVersion, _ sessionVersion: MCPProtocolVersion?
    ) throws(MCPRefusal) -> MCPClassification {
        switch headerVersion {
        case .absent: return MCPClassification(era: .legacy, version: sessionVersion)
        case .known(let version): return MCPClassification(era: .legacy, version: version)
        case .unknown:
            throw MCPRefusal(era: .legacy, .unsupportedVersion, message: "Unsupported MCP-Protocol-Version")
        }
    }

    private static func classifyBatch(
        _ envelope: JSONRPCEnvelope, _ headerVersion: HeaderVersion, _ sessionVersion: MCPProtocolVersion?
    ) throws(MCPRefusal) -> MCPClassification {
        let isModern = headerVersion.isModern || envelope.batchHasModernEnvelope
        guard !isModern, sessionVersion == .v2025_03_26 else {
            throw MCPRefusal(era: isModern ? .modern : .legacy, .invalidRequest, message: "Batches are not allowed")
        }
        guard !envelope.batchHasInitialize else {
            throw MCPRefusal(era: .legacy, .invalidRequest, message: "initialize must not be part of a batch")
        }
        return try legacy(headerVersion, sessionVersion)
    }

    // MARK: Requests

    private static func classifyRequest(
        _ envelope: JSONRPCEnvelope, _ body: ByteView, _ headers: MCPHeaderValues, _ headerVersion: HeaderVersion,
        _ sessionVersion: MCPProtocolVersion?
    ) throws(MCPRefusal) -> MCPClassification {
        let method = envelope.method.map { MCPMethod($0, in: body) } ?? .unknown
        if method == .initialize, envelopeFault(envelope) != nil {
            if headerVersion.isModern {
                throw MCPRefusal(
                    era: .legacy, .headerMismatch,
                    message: "Header mismatch: MCP-Protocol-Version names a revision that has no initialize")
            }
            return try legacy(headerVersion, sessionVersion)
        }
        guard envelope.hasMetaProtocolVersion || headerVersion.isModern else {
            return try legacy(headerVersion, sessionVersion)
        }
        if let fault = envelopeFault(envelope) {
            throw MCPRefusal(era: .modern, .invalidParams, message: fault)
        }
        try checkVersionHeader(envelope, body, headers)
        try checkMethodHeader(envelope, body, headers, isRequired: true)
        try checkNameHeader(method, envelope, body, headers)
        let version = try servedVersion(envelope, headerVersion)
        guard method.isAvailable(in: .modern) else {
            throw MCPRefusal(era: .modern, .methodNotFound)
        }
        return MCPClassification(era: .modern, version: version)
    }

    /// What is missing in the modern envelope or of a wrong type, or `nil` if nothing is.
    private static func envelopeFault(_ envelope: JSONRPCEnvelope) -> StaticString? {
        guard envelope.hasMetaProtocolVersion else {
            return envelope.metaClientCapabilitiesKind == nil
                ? """
                params._meta must carry io.modelcontextprotocol/protocolVersion and \
                io.modelcontextprotocol/clientCapabilities
                """ : "params._meta is missing io.modelcontextprotocol/protocolVersion"
        }
        guard envelope.metaProtocolVersion != nil else {
            return "io.modelcontextprotocol/protocolVersion must be a string"
        }
        switch envelope.metaClientCapabilitiesKind {
        case .object: break
        case nil: return "params._meta is missing io.modelcontextprotocol/clientCapabilities"
        default: return "io.modelcontextprotocol/clientCapabilities must be an object"
        }
        switch envelope.metaClientInfoKind {
        case .object, nil: return nil
        default: return "io.modelcontextprotocol/clientInfo must be an object"
        }
    }

    /// The modern revision that the envelope names; the header is known to name the same.
    private static func servedVersion(
        _ envelope: JSONRPCEnvelope, _ headerVersion: HeaderVersion
    ) throws(MCPRefusal) -> MCPProtocolVersion {
        // Legacy revisions are served too, but reached through `initialize`.
        guard case .known(let version) = headerVersion, version.era == .modern else {
            throw MCPRefusal(
                era: .modern, .unsupportedVersion, requestedVersion: envelope.metaProtocolVersion?.range)
        }
        return version
    }

    // MARK: Notifications

    /// Which headers a modern notification must have is not laid down: the version it must, and what else it has must not
    /// contradict its body.
    private static func classifyModernNotification(
        _ envelope: JSONRPCEnvelope, _ body: ByteView, _ headers: MCPHeaderValues, _ headerVersion: HeaderVersion
    ) throws(MCPRefusal) -> MCPClassification {
        guard envelope.hasMetaProtocolVersion else {
            try checkMethodHeader(envelope, body, headers, isRequired: false)
            return MCPClassification(era: .modern, version: try servedVersion(envelope, headerVersion))
        }
        guard envelope.metaProtocolVersion != nil else {
            throw MCPRefusal(
                era: .modern, .invalidParams, message: "io.modelcontextprotocol/protocolVersion must be a string")
        }
        try checkVersionHeader(envelope, body, headers)
        try checkMethodHeader(envelope, body, headers, isRequired: false)
        return MCPClassification(era: .modern, version: try servedVersion(envelope, headerVersion))
    }

    // MARK: Headers

    private static func checkVersionHeader(
        _ envelope: JSONRPCEnvelope, _ body: ByteView, _ headers: MCPHeaderValues
    ) throws(MCPRefusal) {
        guard let value = headers.protocolVersion else {
            throw mismatch("Header mismatch: MCP-Protocol-Version is required")
        }
        guard let version = envelope.metaProtocolVersion, version.equals(value, in: body) else {
            throw mismatch("Header mismatch: MCP-Protocol-Version does not match the body")
        }
    }

    private static func checkMethodHeader(
        _ envelope: JSONRPCEnvelope, _ body: ByteView, _ headers: MCPHeaderValues, isRequired: Bool
    ) throws(MCPRefusal) {
        guard let value = headers.method else {
            guard isRequired else { return }
            throw mismatch("Header mismatch: Mcp-Method is required")
        }
        guard let method = envelope.method, value.isPrintableASCII, method.equals(value, in: body) else {
            throw mismatch("Header mismatch: Mcp-Method does not match the body")
        }
    }

    private static func checkNameHeader(
        _ method: MCPMethod, _ envelope: JSONRPCEnvelope, _ body: ByteView, _ headers: MCPHeaderValues
    ) throws(MCPRefusal) {
        let text: JSONText?
        switch method.mirroredName {
        case .none: return
        case .name: text = envelope.name
        case .uri: text = envelope.uri
        case .taskID: text = envelope.taskID
        }
        switch (headers.name, text) {
        case (nil, nil):
            // The body lacks it too: that is for the backend to say, with the parameters it wants.
            return
        case (nil, _):
            throw mismatch("Header mismatch: Mcp-Name is required")
        case (_, nil):
            throw mismatch("Header mismatch: Mcp-Name has no counterpart in the body")
        case (let value?, let text?):
            guard MCPHeaderText.matchesName(value, text, in: body) else {
                throw mismatch("Header mismatch: Mcp-Name does not match the body")
            }
        }
    }

    private static func mismatch(_ message: StaticString) -> MCPRefusal {
        MCPRefusal(era: .modern, .headerMismatch, message: message)
    }
}
