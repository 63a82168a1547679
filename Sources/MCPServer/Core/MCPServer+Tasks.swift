import NIOCore
import Wire

/// Calls that run as tasks: the experimental feature of 2025-11-25, and the extension `io.modelcontextprotocol/tasks` of
/// 2026-07-28. Both are views of the same tasks.
extension MCPServer {
    /// How a call is to run.
    enum Manner {
        /// While the client waits.
        case inline
        /// By itself, kept for so long.
        case task(Duration)
        /// Not at all.
        case refused(MCPError)
    }

    private static let relatedTask = "io.modelcontextprotocol/related-task"
    private static let tasksExtension = "io.modelcontextprotocol/tasks"

    /// How a call of a tool with this support is to run.
    func manner(of message: IncomingMessage, _ support: TaskSupport) -> Manner {
        switch message.version {
        case .v2026_07_28:
            guard support != .forbidden else { return .inline }
            if capabilities(of: message).understandsTasks { return .task(TaskStore.timeToLive) }
            return support == .required
                ? .refused(.missingCapability(["extensions": [MCPServer.tasksExtension: [:]]])) : .inline
        case .v2025_11_25:
            return message.body.withByteView { bytes in
                let task = message.envelope.params.flatMap { JSONMembers.value(of: "task", in: $0, bytes) }
                guard let task else { return support == .required ? .refused(.methodNotFound) : .inline }
                guard support != .forbidden else { return .refused(.methodNotFound) }
                guard JSONMembers.kind(task, bytes) == .object else {
                    return .refused(.invalidParams("params.task must be an object"))
                }
                guard let ttl = JSONMembers.value(of: "ttl", in: task, bytes) else {
                    return .task(TaskStore.timeToLive)
                }
                guard let milliseconds = JSONNumber(bytes[ttl].string)?.int64, milliseconds >= 0 else {
                    return .refused(.invalidParams("params.task.ttl must be a number of milliseconds"))
                }
                return .task(min(.milliseconds(milliseconds), TaskStore.longestTimeToLive))
            }
        default:
            return support == .required ? .refused(.methodNotFound) : .inline
        }
    }

    /// Starts a call as a task, and tells the client which.
    func start(
        _ call: ToolCall, _ message: IncomingMessage, for duration: Duration,
        _ run: @escaping @Sendable (ToolCall) async -> Result<ToolResult, any Error>
    ) -> Answer {
        let changes = changes
        let task = ServerTask(call, of: message, timeToLive: duration) { task in
            task.session?.taskChanged(task)
            changes.announce(task)
        }
        guard tasks.add(task, at: .now()) else {
            let error = MCPError(code: -32_603, message: "Too many tasks", problem: .overloaded)
            return .failure(error, to: message, .toolsCall)
        }
        let version = message.version
        let answer = Answer.result(to: message, .toolsCall) { buffer in
            var description = task.description(version)
            if version.era == .modern {
                description["resultType"] = "task"
                buffer.writeJSON(.object(description))
            } else {
                buffer.writeJSON(["task": .object(description)])
            }
        }
        var call = call
        let exchange = ClientExchange(
            version.era == .modern ? capabilities(of: message) : message.session?.capabilities ?? ClientCapabilities(),
            .task(task))
        // Tasks of modern clients are not told of by messages (extension, Tasks).
        let outlet = version.era == .modern ? nil : message.session.map { TaskOutlet($0.outlet, task.id) }
        call.context = CallContext(message, outlet, exchange, changes)
        task.start { [call] in
            let outcome = await run(call)
            // Told as an error of the protocol, so the task has failed.
            if case .failure(let error as ClientRequestError) = outcome, let error = protocolError(error, message) {
                return .failure(error)
            }
            return outcome
        }
        return answer
    }

    // MARK: Methods

    /// `tasks/get`, `tasks/result`, `tasks/cancel` and `tasks/update`.
    func askAboutTask(_ message: IncomingMessage, _ method: MCPMethod) -> Reply {
        if message.version.era == .modern, !capabilities(of: message).understandsTasks {
            let error = MCPError.missingCapability(["extensions": [MCPServer.tasksExtension: [:]]])
            return .ready(.failure(error, to: message, method, status: 400))
        }
        let id = message.body.withByteView { bytes in
            message.envelope.taskID.map { String(decoding: $0.unescaped(in: bytes), as: UTF8.self) }
        }
        guard let id, let task = tasks.find(id, by: message.principal, at: .now()) else {
            return .ready(.failure(.invalidParams("Unknown task"), to: message, method))
        }
        switch method {
        case .tasksCancel: return .ready(cancel(task, message))
        case .tasksUpdate: return .ready(update(task, message))
        case .tasksResult: return .pending { outlet in await result(of: task, message, outlet) }
        default: return .ready(describe(task, message, method))
        }
    }

    /// `tasks/list`: the tasks of the session.
    func listTasks(_ message: IncomingMessage) -> Answer {
        let all = message.session.map { tasks.all(in: $0, at: .now()) } ?? []
        return .result(to: message, .tasksList) { buffer in
            buffer.writeJSON(["tasks": .array(all.map { .object($0.description(message.version)) })])
        }
    }

    private func describe(_ task: ServerTask, _ message: IncomingMessage, _ method: MCPMethod) -> Answer {
        var description = task.description(message.version)
        guard message.version.era == .modern else {
            return .result(to: message, method) { $0.writeJSON(.object(description)) }
        }
        description = details(of: task, message)
        description["resultType"] = "complete"
        return .result(to: message, method) { $0.writeJSON(.object(description)) }
    }

    /// What a modern client is told of a task.
    func details(of task: ServerTask, _ message: IncomingMessage) -> JSONObject {
        var description = task.description(message.version)
        guard let outcome = task.outcome else {
            let questions = task.openQuestions
            guard !questions.isEmpty else { return description }
            var requests = JSONObject()
            for question in questions {
                requests[question.key] = [
                    "method": .string("\(question.request.method.text)"), "params": question.parameters,
                ]
            }
            description["inputRequests"] = .object(requests)
            return description
        }
        guard task.status(.v2026_07_28) != .cancelled else { return description }
        switch settle(outcome, message) {
        case .success((let result, _)):
            var buffer = ByteBuffer()
            writeObject(result, into: &buffer, version: .v2026_07_28)
            description["result"] = buffer.withByteView { try? JSONValue.parse($0) }
        case .failure(let error):
            description["error"] = ["code": .integer(error.code), "message": .string(error.message)]
        }
        return description
    }

    private func cancel(_ task: ServerTask, _ message: IncomingMessage) -> Answer {
        let isCancelled = task.cancel()
        if message.version.era == .modern {
            return .result(to: message, .tasksCancel) { $0.writeJSON(["resultType": "complete"]) }
        }
        guard isCancelled else {
            return .failure(.invalidParams("The task has ended already"), to: message, .tasksCancel)
        }
        return describe(task, message, .tasksCancel)
    }

    private func update(_ task: ServerTask, _ message: IncomingMessage) -> Answer {
        let given = message.body.withByteView { bytes in
            message.envelope.params.flatMap { JSONMembers.value(of: "inputResponses", in: $0, bytes) }.flatMap {
                try? JSONValue.parse(bytes[$0]).objectValue
            }
        }
        guard let given else {
            return .failure(.invalidParams("params.inputResponses must be an object"), to: message, .tasksUpdate)
        }
        for member in given.members { task.receiveAnswer(.success(member.value), to: member.name) }
        return .result(to: message, .tasksUpdate) { $0.writeJSON(["resultType": "complete"]) }
    }

    /// `tasks/result`: waits for the end; meanwhile the client is asked what the task wants to know.
    private func result(
        of task: ServerTask, _ message: IncomingMessage, _ outlet: (any MessageOutlet)?
    ) async -> Answer {
        let meta: JSONValue = [MCPServer.relatedTask: ["taskId": .string(task.id)]]
        while let question = await task.takeQuestion() {
            guard let session = message.session else {
                task.receiveAnswer(.failure(.unreachable), to: question.key)
                continue
            }
            var parameters = question.parameters
            parameters["_meta"] = meta
            do {
                let answer = try await session.ask(
                    question.request.method, parameters, through: outlet, timeout: CallContext.patience)
                task.receiveAnswer(.success(answer), to: question.key)
            } catch let error as ClientRequestError {
                task.receiveAnswer(.failure(error), to: question.key)
            } catch {
                // This request was cancelled, the task was not.
                task.giveBack(question)
            }
        }
        guard let outcome = task.outcome else { return .failure(.cancelled, to: message, .tasksResult) }
        return finish(outcome, message, .tasksResult, meta: meta)
    }
}

/// The outlet of a task of a session: what it says is marked as the task's.
private struct TaskOutlet: MessageOutlet {
    private let outlet: any MessageOutlet
    private let id: String

    init(_ outlet: any MessageOutlet, _ id: String) {
        self.outlet = outlet
        self.id = id
    }

    func send(_ message: ByteBuffer) async -> Bool { await outlet.send(marked(message)) }

    func post(_ message: ByteBuffer) { outlet.post(marked(message)) }

    private func marked(_ message: ByteBuffer) -> ByteBuffer {
        guard var value = message.withByteView({ try? JSONValue.parse($0) }), var parameters = value["params"] else {
            return message
        }
        parameters["_meta"] = ["io.modelcontextprotocol/related-task": ["taskId": .string(id)]]
        value["params"] = parameters
        var marked = ByteBuffer()
        marked.writeJSON(value)
        return marked
    }
}
