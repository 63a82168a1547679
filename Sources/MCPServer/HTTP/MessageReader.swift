import NIOCore
import Transport
import Wire

/// Reads a POST: what message it is, of which revision, and whether it may come now.
struct MessageReader {
    private let sessions: SessionTable?
    private let now: NIODeadline
    private let eras: Set<MCPEra>

    /// A reader for a request that came at `now` to a server of these `eras`. Without `sessions` every request stands
    /// alone.
    init(sessions: SessionTable?, eras: Set<MCPEra>, now: NIODeadline) {
        self.sessions = sessions
        self.eras = eras
        self.now = now
    }

    /// The message; throws how it is to be refused (MCP 2026-07-28, validation order, 2 to 6).
    func read(_ request: HTTPServerRequest, scratch: inout JSONScratch) throws(EndpointRefusal) -> IncomingMessage {
        var result: Result<IncomingMessage, EndpointRefusal>?
        request.body.withByteView { body in
            do throws(EndpointRefusal) {
                result = .success(try read(request, body: body, scratch: &scratch))
            } catch {
                result = .failure(error)
            }
        }
        guard let result else { throw EndpointRefusal(failure: .badRequest, era: .legacy) }
        return try result.get()
    }

    private func read(
        _ request: HTTPServerRequest, body: ByteView, scratch: inout JSONScratch
    ) throws(EndpointRefusal) -> IncomingMessage {
        let headers = MCPHeaderValues(request.received)
        let sessionText = headers.sessionID
        let principal = request.received.requestField(.authorization).map { StateSealer.principal($0) }
        let named = headers.protocolVersion.flatMap { MCPProtocolVersion($0) }
        let session = sessionText.flatMap { SessionID($0) }.flatMap { sessions?.use($0, by: principal, at: now) }
        let known = session?.version ?? (sessions == nil ? MessageReader.assumedVersion(named) : nil)
        let envelope: JSONRPCEnvelope
        do throws(JSONRPCError) {
            envelope = try JSONRPCEnvelope.scan(body, scratch: &scratch)
        } catch {
            let era = EndpointRules.era(request.head.fields, request.headBytes)
            switch error {
            case .notJSON: throw EndpointRefusal(failure: .parseError, era: era)
            case .invalidRequest(_, let id): throw EndpointRefusal(failure: .invalidRequest, era: era, id: id)
            }
        }
        let method = envelope.method.map { MCPMethod($0, in: body) } ?? .unknown
        let classification: MCPClassification
        do throws(MCPRefusal) {
            classification = try MCPClassifier.classify(
                envelope, body: body, headers: headers, sessionVersion: known)
        } catch {
            // A server of old knows no error of the new kind.
            if error.era == .modern, !eras.contains(.modern) { throw EndpointRefusal.ofModern(envelope, method) }
            throw EndpointRefusal(
                failure: error.failure, era: error.era, message: error.message, id: envelope.id, method: method,
                requestedVersion: error.requestedVersion, eras: eras)
        }
        if let refusal = EndpointRefusal.ofOtherEra(classification, envelope, method, eras: eras) { throw refusal }
        if classification.era == .legacy, eras.contains(.legacy), sessions != nil {
            try checkSession(envelope, method, sessionText, isOpen: known != nil)
        }
        let version =
            switch classification.era {
            case .modern: classification.version ?? .newestModern
            case .legacy: known ?? classification.version ?? .v2025_03_26
            }
        // A modern request stands alone, whatever its head says of a session (MCP 2026-07-28, Streamable HTTP).
        var message = IncomingMessage(
            body: request.body, envelope: envelope, version: version,
            session: classification.era == .legacy ? session : nil)
        message.principal = principal
        message.opensSession = sessions != nil
        if classification.era == .modern, method == .toolsCall {
            message.parameterFields = ParameterField.all(in: request.received)
        }
        return message
    }

    /// The revision where there are no sessions: the one that the header names.
    private static func assumedVersion(_ named: MCPProtocolVersion?) -> MCPProtocolVersion {
        named.flatMap { $0.era == .legacy ? $0 : nil } ?? .v2025_03_26
    }

    /// Whether a legacy message comes in the right session, or opens one.
    private func checkSession(
        _ envelope: JSONRPCEnvelope, _ method: MCPMethod, _ sessionText: ByteView?, isOpen: Bool
    ) throws(EndpointRefusal) {
        let isInitialize = envelope.kind == .request && method == .initialize
        guard sessionText != nil else {
            if isInitialize { return }
            throw EndpointRefusal(
                failure: .badRequest, era: .legacy, message: "Mcp-Session-Id is required: call initialize first",
                id: envelope.id, method: method)
        }
        guard isOpen else {
            throw EndpointRefusal(failure: .sessionNotFound, era: .legacy, id: envelope.id, method: method)
        }
        if isInitialize {
            throw EndpointRefusal(
                failure: .invalidRequest, era: .legacy, message: "The session is initialized already", id: envelope.id,
                method: method)
        }
    }
}
