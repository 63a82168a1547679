import Logging
import NIOCore
import Transport
import Wire

/// Multi round-trip requests (MCP 2026-07-28).
extension MCPServer {
    /// The methods whose results may be unfinished.
    static func takesRounds(_ method: MCPMethod) -> Bool {
        method == .toolsCall || method == .promptsGet || method == .resourcesRead
    }

    /// How far the questions of a call have come: what is sealed in the state that its client sends back, and what the client
    /// answers now.
    ///
    /// Answers to what was not asked are left out; so are those without a state, and their questions are asked again.
    func rounds(_ message: IncomingMessage) throws(MCPError) -> StateSealer.Rounds {
        guard message.version.era == .modern, message.envelope.hasRequestState else { return StateSealer.Rounds() }
        let state = message.body.withByteView { bytes in
            message.envelope.requestState.map { $0.unescaped(in: bytes) }
        }
        guard let state, var rounds = sealer.open(state, of: message, at: WallClock.seconds()) else {
            throw .invalidParams("requestState is not one of this call, or too old: call anew without it")
        }
        let given = message.body.withByteView { bytes in
            message.envelope.params.flatMap { JSONMembers.value(of: "inputResponses", in: $0, bytes) }.flatMap {
                try? JSONValue.parse(bytes[$0])
            }
        }
        guard let given else { return rounds }
        guard given.objectValue != nil else { throw .invalidParams("inputResponses must be an object") }
        for key in rounds.asked where rounds.answers[key] == nil { rounds.answers[key] = given[key] }
        return rounds
    }

    /// The unfinished result that asks the client.
    func unfinished(_ required: InputRequired, _ message: IncomingMessage, _ method: MCPMethod) -> Answer {
        var rounds = (try? rounds(message)) ?? StateSealer.Rounds()
        rounds.asked = required.questions.map(\.key)
        guard let state = sealer.seal(rounds, of: message, at: WallClock.seconds()) else {
            logger.error("the answers of a client are too long", metadata: ["method": "\(method.text)"])
            return .failure(.internalError, to: message, method)
        }
        return .result(to: message, method) { buffer in
            buffer.writeStaticString("{\"resultType\":\"input_required\",\"inputRequests\":{")
            for (index, question) in required.questions.enumerated() {
                if index > 0 { buffer.writeStaticString(",") }
                buffer.writeJSONString(question.key)
                buffer.writeStaticString(":{\"method\":\"")
                buffer.writeStaticString(question.request.method.text)
                buffer.writeStaticString("\",\"params\":")
                buffer.writeJSON(question.parameters)
                buffer.writeStaticString("}")
            }
            buffer.writeStaticString("},\"requestState\":")
            buffer.writeJSONString(state)
            prepared.writeResultEnd(into: &buffer, version: message.version)
        }
    }

    /// What a modern client declares with a request.
    func capabilities(of message: IncomingMessage) -> ClientCapabilities {
        message.body.withByteView { bytes in
            ClientCapabilities(
                message.envelope.meta.flatMap {
                    JSONMembers.value(of: "io.modelcontextprotocol/clientCapabilities", in: $0, bytes)
                }, message.version, bytes)
        }
    }

    /// How the client that sent `message` can be asked something.
    func exchange(_ message: IncomingMessage, _ outlet: (any MessageOutlet)?) throws(MCPError) -> ClientExchange {
        switch message.version.era {
        case .legacy:
            guard let session = message.session else { return ClientExchange(ClientCapabilities(), .none) }
            return ClientExchange(session.capabilities, .session(session, outlet))
        case .modern:
            var known: [String: JSONValue] = [:]
            for member in try rounds(message).answers.members { known[member.name] = member.value }
            return ClientExchange(capabilities(of: message), .rounds(known))
        }
    }

    /// The answer for an error that came of asking the client; `nil` for any other error, or where the model is told.
    func answer(toAskingError error: any Error, _ message: IncomingMessage, _ method: MCPMethod) -> Answer? {
        switch error {
        case let required as InputRequired:
            return unfinished(required, message, method)
        case let error as ClientRequestError:
            return protocolError(error, message).map { error in
                .failure(error, to: message, method, status: error.problem == .missingCapability ? 400 : 200)
            }
        default:
            return nil
        }
    }

    /// What a modern client is told that could not be asked, or has answered something else.
    func protocolError(_ error: ClientRequestError, _ message: IncomingMessage) -> MCPError? {
        guard message.version.era == .modern else { return nil }
        switch error {
        case .notSupported(let capabilities): return .missingCapability(capabilities)
        case .invalidAnswer(let what): return .invalidParams("inputResponses: \(what)")
        case .unreachable, .timedOut, .refused: return nil
        }
    }
}
