import NIOCore
import Transport
import Wire

/// A message that is answered without asking the server: what is wrong with it, and in which era that is said.
struct EndpointRefusal: Error {
    /// What is wrong; status and code follow from the table.
    var failure: GatewayFailure
    /// The era of the answer.
    var era: MCPEra
    /// A more precise text than the failure's own.
    var message: StaticString?
    /// The id of the message, if it could be read.
    var id: JSONRPCID?
    /// The method of the message, if it could be read.
    var method = MCPMethod.unknown
    /// Where in the body the revision stands that was asked for.
    var requestedVersion: ByteRange?
    /// The eras that the server speaks.
    var eras: Set<MCPEra> = [.legacy, .modern]

    /// How a server that speaks `eras` only refuses a message of the other, if it does: as servers of old refuse what they
    /// have never heard of, or as the specification has it (MCP 2026-07-28, Backward Compatibility).
    static func ofOtherEra(
        _ classification: MCPClassification, _ envelope: JSONRPCEnvelope, _ method: MCPMethod, eras: Set<MCPEra>
    ) -> EndpointRefusal? {
        guard !eras.contains(classification.era) else { return nil }
        if classification.era == .modern { return ofModern(envelope, method) }
        switch envelope.kind {
        case .notification:
            // Nothing can be said to it, and nothing comes of it.
            return nil
        case .request:
            return EndpointRefusal(
                failure: .unsupportedVersion, era: .modern, id: envelope.id, method: method,
                requestedVersion: envelope.protocolVersion?.range, eras: eras)
        case .result, .error, .batch:
            return EndpointRefusal(failure: .invalidRequest, era: .modern)
        }
    }

    /// What a server that speaks legacy revisions only says to a modern client, which calls `initialize` then.
    static func ofModern(_ envelope: JSONRPCEnvelope, _ method: MCPMethod) -> EndpointRefusal {
        EndpointRefusal(
            failure: .badRequest, era: .legacy, message: "Bad request: call initialize first", id: envelope.id,
            method: method)
    }

    /// The answer to the message in `body`.
    func answer(to body: ByteBuffer) -> HTTPAnswer {
        var buffer = ByteBuffer()
        body.withByteView { bytes in
            var details = GatewayErrorBody.Details(message: message)
            details.eras = eras
            details.requestedVersion = requestedVersion.map { bytes[$0] }
            GatewayErrorBody.write(
                failure, era: era, id: id.map { bytes[$0.range] }, details: details, into: &buffer)
        }
        var answer = HTTPAnswer(
            status: failure.httpStatus(era), fields: "Content-Type: application/json\r\n", body: buffer)
        if answer.status == 503 { answer.retryAfterSeconds = 1 }
        return answer
    }

    /// The answer to a request whose body was not read.
    static func answer(to failure: GatewayFailure, era: MCPEra, allowing methods: StaticString? = nil, closes: Bool)
        -> HTTPAnswer
    {
        var answer = EndpointRefusal(failure: failure, era: era).answer(to: ByteBuffer())
        if let methods { answer.fields = methods }
        answer.closesConnection = closes
        return answer
    }
}
