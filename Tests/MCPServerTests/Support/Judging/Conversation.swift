import Synchronization
import Testing
import Wire

/// What a client has asked of a server, and the judge of what the server says to it.
///
/// The test client tells it of both sides; whatever the published schemas do not allow becomes an issue of the test. All
/// helpers that talk to a server do so, and no test has to ask for it. No handler can make the server say what is wrong, so
/// there is no way to switch this off either; a test that finds one has `withKnownIssue`.
final class Conversation: Sendable {
    private struct State {
        var revision: MCPProtocolVersion?
        var asked: [AskedOfServer] = []
        /// Revisions that requests have named.
        var named: Set<MCPProtocolVersion> = []
    }

    /// Counts messages.
    final class Tally: Sendable {
        private let judged = Atomic(0)

        /// How many were judged.
        var count: Int { judged.load(ordering: .relaxed) }

        fileprivate func add() { judged.wrappingAdd(1, ordering: .relaxed) }
    }

    /// Counts what is judged in a task.
    @TaskLocal static var tally: Tally?

    private let state: Mutex<State>

    /// A conversation in a revision; `nil` if it is settled on in the course of it.
    init(_ revision: MCPProtocolVersion? = nil) {
        state = Mutex(State(revision: revision))
    }

    /// The revision that was settled on.
    var revision: MCPProtocolVersion? { state.withLock { $0.revision } }

    /// Takes note of the revision that is spoken from now on.
    func settle(on revision: MCPProtocolVersion?) {
        state.withLock { $0.revision = revision }
    }

    /// Takes note of what the client sends; of nothing if that is no JSON.
    func ask(_ text: String) {
        guard let message = try? JSONValue.parse(text) else { return }
        ask(message)
    }

    /// Takes note of what the client sends.
    func ask(_ message: JSONValue) {
        state.withLock { state in
            let asked = AskedOfServer.all(in: message, state.revision)
            state.asked += asked
            state.named.formUnion(asked.compactMap(\.revision))
        }
    }

    /// Judges what the server says; nothing of it may be left out.
    func hear(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
        for complaint in complaints(about: text) { Issue.record("\(complaint)", sourceLocation: sourceLocation) }
    }

    /// What is wrong with what the server says, one text for each message; none where there are no schemas.
    func complaints(about text: String) -> [String] {
        guard let schemas = PublishedSchemas.beside else { return [] }
        guard let message = try? JSONValue.parse(text) else { return ["no JSON: \(text.prefix(1_000))"] }
        let judge = MessageJudge(schemas: schemas)
        guard let elements = message.arrayValue else { return complaints(about: message, judge) }
        let frame = judge.complaints(aboutBatch: message, in: revisions[0])
        return written(frame, message) + elements.flatMap { complaints(about: $0, judge) }
    }

    private func complaints(about message: JSONValue, _ judge: MessageJudge) -> [String] {
        Conversation.tally?.add()
        var complaints: [String] = []
        // The same id may have been used again, and pipes may carry both eras: one of the meanings must fit.
        for (asked, revision) in meanings(of: message) {
            complaints = judge.complaints(about: message, answering: asked, in: revision)
            if complaints.isEmpty { break }
        }
        return written(complaints, message)
    }

    private func written(_ complaints: [String], _ message: JSONValue) -> [String] {
        guard !complaints.isEmpty else { return [] }
        return ["not allowed: \(complaints.joined(separator: "; "))\nin \(message.description.prefix(2_000))"]
    }

    private var revisions: [MCPProtocolVersion] {
        state.withLock { state in
            let revisions =
                [state.revision].compactMap { $0 } + state.named.subtracting([state.revision].compactMap { $0 })
            return revisions.isEmpty ? [.newestLegacy] : revisions
        }
    }

    private func meanings(of message: JSONValue) -> [(AskedOfServer?, MCPProtocolVersion)] {
        if message["method"] == nil, let id = message["id"] {
            let asked = state.withLock { state in
                // `initialize` settles on a revision, as soon as it is answered.
                if let text = message["result"]?["protocolVersion"]?.stringValue, state.revision == nil {
                    state.revision = MCPProtocolVersion(named: text)
                }
                return state.asked.filter { $0.id == id }.reversed()
            }
            if !asked.isEmpty {
                // `initialize` is answered in the revision that the answer names.
                let negotiated = message["result"]?["protocolVersion"]?.stringValue.flatMap {
                    MCPProtocolVersion(named: $0)
                }
                return asked.map { asked in
                    let begins = asked.method == "initialize"
                    return (asked, (begins ? negotiated : nil) ?? asked.revision ?? revision ?? .newestLegacy)
                }
            }
        }
        // Errors that only one revision has, and requests that name none which is known.
        let isModern = (-32_022 ... -32_020).contains(message["error"]?["code"]?.int64Value ?? 0)
        return (isModern ? [.newestModern] : revisions).map { (nil, $0) }
    }
}
