import MCPServer
import NIOCore
import Synchronization
import Testing
import Wire

/// Asks two things, one after the other, and then one more together with another.
final class Curious: Tool {
    let definition = ToolDefinition(name: "curious", description: "Asks.", inputSchema: #"{"type":"object"}"#)
    private let runs = Mutex(0)

    /// How often the handler has begun.
    var runCount: Int { runs.withLock { $0 } }

    func run(_ call: ToolCall) async throws -> ToolResult {
        runs.withLock { $0 += 1 }
        let name = try await call.context.elicit("Name?", [.text("name")], timeout: .milliseconds(800))
        guard case .accept = name else { return .text("no name: \(name.action)") }
        let answers = try await call.context.ask(
            ["say": .sample(SamplingRequest("Greet!", maxTokens: 9)), "where": .roots], timeout: .seconds(5))
        guard case .sampling(let said) = answers["say"], case .roots(let roots) = answers["where"] else {
            return .error("answers are missing")
        }
        return .text("\(said.text), \(name["name"]?.stringValue ?? "?") in \(roots.map(\.uri).joined())!")
    }
}

/// Takes messages, judges them by the published schemas, and answers the requests among them as it is told.
final class AnsweringOutlet: MessageOutlet {
    private let server: MCPServer
    private let session: ClientSession
    private let answers: [String: String?]
    private let taken = Mutex<[JSONValue]>([])
    /// Raised with the first request that it has no answer to.
    let isSilent = Signal()

    /// Answers a method with members: `"result":…` or `"error":…`; with nothing if there is none.
    init(_ server: MCPServer, _ session: ClientSession, _ answers: [String: String?]) {
        self.server = server
        self.session = session
        self.answers = answers
    }

    var sent: [JSONValue] { taken.withLock { $0 } }

    func send(_ message: ByteBuffer) async -> Bool {
        Conversation(session.version).hear(String(buffer: message))
        guard let message = try? JSONValue.parse(String(buffer: message)) else { return false }
        taken.withLock { $0.append(message) }
        guard let id = message["id"]?.int64Value, let method = message["method"]?.stringValue else { return true }
        guard let answer = answers[method] ?? nil else {
            isSilent.raise()
            return true
        }
        let core = Core(server: server)
        _ = try? await core.answer(
            to: "{\"jsonrpc\":\"2.0\",\"id\":\(id),\(answer)}", session.version, session: session)
        return true
    }
}
