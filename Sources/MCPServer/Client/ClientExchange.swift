import Synchronization
import Wire

/// One question, ready to be sent.
struct ClientQuestion: Sendable {
    var key: String
    var request: ClientRequest
    var parameters: JSONValue
}

/// Thrown through a handler when a modern client has to be asked: ends this run of it (MCP 2026-07-28, Multi Round-Trip
/// Requests).
struct InputRequired: Error {
    var questions: [ClientQuestion]
}

/// How the client of one request is asked something.
final class ClientExchange: Sendable {
    /// The ways there are.
    enum Way: Sendable {
        /// A request in a session, over the way that belongs to the client's request if there is one.
        case session(ClientSession, (any MessageOutlet)?)
        /// An unfinished result; what the client has answered so far, by key.
        case rounds([String: JSONValue])
        /// The questions of a task, which its client finds when it asks about the task.
        case task(ServerTask)
        /// There is none.
        case none
    }

    let capabilities: ClientCapabilities
    private let way: Way
    private let questionCount = Mutex(0)

    init(_ capabilities: ClientCapabilities, _ way: Way) {
        self.capabilities = capabilities
        self.way = way
    }

    /// The key of a question that was given none: the same in each run of the handler.
    func nextKey() -> String {
        questionCount.withLock { count in
            count += 1
            return "question-\(count)"
        }
    }

    /// What tells the question from all others of the server.
    func identifier(of key: String) -> String {
        "\(key)-\(UInt64.random(in: .min ... .max))"
    }

    /// The answers by key.
    func ask(_ questions: [ClientQuestion], _ timeout: Duration) async throws -> [String: ClientRequest.Answer] {
        switch way {
        case .none:
            throw ClientRequestError.unreachable
        case .task(let task):
            return try await task.ask(questions, timeout)
        case .rounds(let answers):
            var found: [String: ClientRequest.Answer] = [:]
            for question in questions {
                guard let result = answers[question.key] else { continue }
                found[question.key] = try question.request.answer(result)
            }
            let missing = questions.filter { found[$0.key] == nil }
            guard missing.isEmpty else { throw InputRequired(questions: missing) }
            return found
        case .session(let session, let outlet):
            return try await withThrowingTaskGroup(of: (String, ClientRequest.Answer).self) { group in
                for question in questions {
                    group.addTask {
                        let result = try await session.ask(
                            question.request.method, question.parameters, through: outlet, timeout: timeout)
                        return (question.key, try question.request.answer(result))
                    }
                }
                var found: [String: ClientRequest.Answer] = [:]
                for try await (key, answer) in group { found[key] = answer }
                return found
            }
        }
    }
}
