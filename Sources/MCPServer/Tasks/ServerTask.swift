import NIOCore
import Synchronization
import Telemetry
import Transport
import Wire

/// A call that runs by itself, whose client asks about it later.
final class ServerTask: Sendable {
    /// What state it is in.
    enum Status: String {
        case working
        case inputRequired = "input_required"
        case completed, failed, cancelled

        var isTerminal: Bool { self == .completed || self == .failed || self == .cancelled }
    }

    /// A question of the handler that waits for an answer.
    private struct Open {
        var question: ClientQuestion
        var answer: PendingAnswer
        /// Whether somebody is at it: a client of sessions is asked once.
        var isTaken = false
    }

    private struct State {
        var outcome: Result<ToolResult, any Error>?
        var isCancelled = false
        var open: [Open] = []
        /// All keys that were ever given, so that none means two questions.
        var keys: Set<String> = []
        var updatedAt: WallTime
        var task: Task<Void, Never>?
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// How often clients should ask.
    static let pollInterval = Duration.milliseconds(500)

    /// 128 unpredictable bits: who knows it may ask, as far as there is no better proof.
    let id: String
    let call: ToolCall
    /// How long it is kept, from its creation on.
    let timeToLive: Duration
    /// Who has called.
    let principal: [UInt8]?
    /// In which session, if in one.
    let session: ClientSession?
    let endsAt: NIODeadline
    private let createdAt: WallTime
    private let notify: @Sendable (ServerTask) -> Void
    private let state: Mutex<State>

    /// A task that has not begun; `notify` is told of each change of its status.
    init(
        _ call: ToolCall, of message: IncomingMessage, timeToLive: Duration,
        notify: @escaping @Sendable (ServerTask) -> Void
    ) {
        var id = ByteBuffer()
        SessionID.random().write(into: &id)
        self.id = String(buffer: id)
        self.call = call
        self.timeToLive = timeToLive
        principal = message.principal
        session = message.session
        endsAt = .now() + TimeAmount(timeToLive)
        createdAt = .now()
        self.notify = notify
        state = Mutex(State(updatedAt: createdAt))
    }

    /// Runs `work` until it ends, or the task is cancelled.
    func start(_ work: @escaping @Sendable () async -> Result<ToolResult, any Error>) {
        let task = Task {
            let outcome = await work()
            change { state in
                if state.outcome == nil { state.outcome = outcome }
                state.open = []
            }
        }
        let isCancelled = state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    /// Ends the task. `false` if it has ended already.
    func cancel() -> Bool {
        var task: Task<Void, Never>?
        var open: [Open] = []
        var isFirst = false
        change { state in
            guard state.outcome == nil else { return }
            isFirst = true
            state.isCancelled = true
            state.outcome = .failure(CancellationError())
            (task, open) = (state.task, state.open)
            state.open = []
        }
        task?.cancel()
        for question in open { question.answer.settle(.failure(.unreachable)) }
        return isFirst
    }

    private func change(_ body: (inout State) -> Void) {
        let waiting = state.withLock { state in
            body(&state)
            state.updatedAt = .now()
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
        notify(self)
    }

    // MARK: What it is

    /// Its end, if it has come.
    var outcome: Result<ToolResult, any Error>? { state.withLock { $0.outcome } }

    /// What state it is in for clients of `version`, which do not agree on what has failed.
    func status(_ version: MCPProtocolVersion) -> Status {
        state.withLock { ServerTask.status($0, version) }
    }

    private static func status(_ state: State, _ version: MCPProtocolVersion) -> Status {
        switch state.outcome {
        case nil: state.open.isEmpty ? .working : .inputRequired
        case _ where state.isCancelled: .cancelled
        case .success(let result): version.era == .legacy && result.isError ? .failed : .completed
        // What a tool throws is a result, too; only errors of the protocol are none.
        case .failure(let error): version.era == .legacy || error is MCPError ? .failed : .completed
        }
    }

    /// The members that say what it is, as the revision knows them.
    func description(_ version: MCPProtocolVersion) -> JSONObject {
        let (status, updatedAt) = state.withLock { (ServerTask.status($0, version), $0.updatedAt) }
        let isModern = version.era == .modern
        return [
            "taskId": .string(id), "status": .string(status.rawValue), "createdAt": .string(ServerTask.text(createdAt)),
            "lastUpdatedAt": .string(ServerTask.text(updatedAt)),
            isModern ? "ttlMs" : "ttl": .integer(timeToLive.milliseconds),
            isModern ? "pollIntervalMs" : "pollInterval": .integer(ServerTask.pollInterval.milliseconds),
        ]
    }

    private static func text(_ time: WallTime) -> String {
        var cache = TimestampCache()
        var text: [UInt8] = []
        cache.appendRFC3339(time, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    // MARK: Questions

    /// Asks the client, which finds the questions when it asks about the task.
    func ask(_ questions: [ClientQuestion], _ timeout: Duration) async throws -> [String: ClientRequest.Answer] {
        var asked: [(key: String, question: ClientQuestion, answer: PendingAnswer)] = []
        var isOver = false
        change { state in
            guard state.outcome == nil else {
                isOver = true
                return
            }
            for question in questions {
                var question = question
                let key = question.key
                var number = 2
                while !state.keys.insert(question.key).inserted {
                    question.key = "\(key)-\(number)"
                    number += 1
                }
                let answer = PendingAnswer()
                asked.append((key, question, answer))
                state.open.append(Open(question: question, answer: answer))
            }
        }
        if isOver { throw ClientRequestError.unreachable }
        let keys = asked.map(\.question.key)
        defer { change { state in state.open.removeAll { keys.contains($0.question.key) } } }
        var found: [String: ClientRequest.Answer] = [:]
        for (key, question, answer) in asked {
            found[key] = try question.request.answer(try await answer.value(within: timeout))
        }
        return found
    }

    /// The questions that wait, for clients that are shown them.
    var openQuestions: [ClientQuestion] { state.withLock { $0.open.map(\.question) } }

    /// The client has answered the question with this key; one that does not wait is nothing.
    func receiveAnswer(_ result: Result<JSONValue, ClientRequestError>, to key: String) {
        var answer: PendingAnswer?
        change { state in
            guard let index = state.open.firstIndex(where: { $0.question.key == key }) else { return }
            answer = state.open.remove(at: index).answer
        }
        answer?.settle(result)
    }

    /// Waits for a question that nobody is at, and takes it; `nil` at the end of the task, or of the waiting one.
    func takeQuestion() async -> ClientQuestion? {
        while !Task.isCancelled {
            let (question, isOver) = state.withLock { state -> (ClientQuestion?, Bool) in
                guard let index = state.open.firstIndex(where: { !$0.isTaken }) else {
                    return (nil, state.outcome != nil)
                }
                state.open[index].isTaken = true
                return (state.open[index].question, false)
            }
            if question != nil || isOver { return question }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isStale = state.withLock { state in
                        if state.outcome != nil || state.open.contains(where: { !$0.isTaken }) || Task.isCancelled {
                            return true
                        }
                        state.waiting.append(continuation)
                        return false
                    }
                    if isStale { continuation.resume() }
                }
            } onCancel: {
                let waiting = state.withLock { state in
                    defer { state.waiting = [] }
                    return state.waiting
                }
                for continuation in waiting { continuation.resume() }
            }
        }
        return nil
    }

    /// Gives a question back that was taken and not answered.
    func giveBack(_ question: ClientQuestion) {
        change { state in
            guard let index = state.open.firstIndex(where: { $0.question.key == question.key }) else { return }
            state.open[index].isTaken = false
        }
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds &* 1_000 &+ attoseconds / 1_000_000_000_000_000
    }
}
