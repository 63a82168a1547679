import Wire

/// Says what is wrong with a message of a server, by the schema that is published with the revision in which it is said.
///
/// An answer is judged as an answer and as the result of the method that was asked for, an error also by its code, and
/// anything else by its own method; the unions of these, such as `JSONRPCMessage`, would add nothing. Results and
/// notifications of tasks in 2026-07-28 are judged by the schema of that extension; a result that is in no schema is a
/// complaint. No schema before 2025-11-25 has a form for an error that answers nothing which could be read, and none allows
/// a null id: such errors are judged by that of 2025-11-25.
struct MessageJudge {
    let schemas: PublishedSchemas

    private static let results: [String: String] = [
        "initialize": "InitializeResult", "ping": "EmptyResult", "logging/setLevel": "EmptyResult",
        "server/discover": "DiscoverResult", "tools/list": "ListToolsResult", "tools/call": "CallToolResult",
        "resources/list": "ListResourcesResult", "resources/templates/list": "ListResourceTemplatesResult",
        "resources/read": "ReadResourceResult", "resources/subscribe": "EmptyResult",
        "resources/unsubscribe": "EmptyResult", "prompts/list": "ListPromptsResult", "prompts/get": "GetPromptResult",
        "completion/complete": "CompleteResult", "subscriptions/listen": "SubscriptionsListenResult",
        "tasks/get": "GetTaskResult", "tasks/cancel": "CancelTaskResult", "tasks/list": "ListTasksResult",
        "tasks/update": "UpdateTaskResult",
        // What `GetTaskPayloadResult` leaves open: only calls of tools run as tasks.
        "tasks/result": "CallToolResult",
    ]

    private static let messages: [String: String] = [
        "elicitation/create": "ElicitRequest", "sampling/createMessage": "CreateMessageRequest",
        "roots/list": "ListRootsRequest", "ping": "PingRequest", "notifications/progress": "ProgressNotification",
        "notifications/message": "LoggingMessageNotification",
        "notifications/tools/list_changed": "ToolListChangedNotification",
        "notifications/prompts/list_changed": "PromptListChangedNotification",
        "notifications/resources/list_changed": "ResourceListChangedNotification",
        "notifications/resources/updated": "ResourceUpdatedNotification",
        "notifications/cancelled": "CancelledNotification",
        "notifications/elicitation/complete": "ElicitationCompleteNotification",
        "notifications/subscriptions/acknowledged": "SubscriptionsAcknowledgedNotification",
    ]

    private static let errors: [Int64: String] = [
        -32_700: "ParseError", -32_600: "InvalidRequestError", -32_601: "MethodNotFoundError",
        -32_602: "InvalidParamsError", -32_603: "InternalError", -32_020: "HeaderMismatchError",
        -32_021: "MissingRequiredClientCapabilityError", -32_022: "UnsupportedProtocolVersionError",
        -32_042: "URLElicitationRequiredError",
    ]

    /// What is wrong with a message that is no batch, said in `revision`; `asked` is what it answers, if that is known.
    func complaints(
        about message: JSONValue, answering asked: AskedOfServer?, in revision: MCPProtocolVersion
    ) -> [String] {
        if let method = message["method"]?.stringValue { return complaints(about: message, method, revision) }
        if let error = message["error"] { return complaints(aboutError: error, of: message, revision) }
        let document = PublishedSchemas.Document.revision(revision)
        var complaints = judge(message, document, first("JSONRPCResultResponse", "JSONRPCResponse", document))
        guard let asked else { return complaints + ["answers nothing that was asked"] }
        guard let result = message["result"] else { return complaints }
        switch revision.era {
        case .modern: complaints += judgeModern(result, asked.method)
        case .legacy: complaints += judgeLegacy(result, asked, document)
        }
        return complaints
    }

    /// What is wrong with the frame of a batch of answers; its elements are judged one by one.
    func complaints(aboutBatch batch: JSONValue, in revision: MCPProtocolVersion) -> [String] {
        judge(batch, .revision(revision), "JSONRPCBatchResponse")
    }

    private func complaints(
        about message: JSONValue, _ method: String, _ revision: MCPProtocolVersion
    ) -> [String] {
        let document = PublishedSchemas.Document.revision(revision)
        let isRequest = message["id"] != nil
        var complaints = judge(message, document, isRequest ? "JSONRPCRequest" : "JSONRPCNotification")
        if isRequest, revision.era == .modern { complaints.append("a modern server sends no requests") }
        // Also a notification of 2025-11-25, of another shape.
        if method == "notifications/tasks" { return complaints + judge(message, .tasks, "TaskStatusNotification") }
        if method == "notifications/tasks/status" {
            return complaints + judge(message, document, "TaskStatusNotification")
        }
        guard let definition = MessageJudge.messages[method] else { return complaints + ["nobody knows \(method)"] }
        return complaints + judge(message, document, definition)
    }

    private func complaints(
        aboutError error: JSONValue, of message: JSONValue, _ revision: MCPProtocolVersion
    ) -> [String] {
        var document = PublishedSchemas.Document.revision(revision)
        if message["id"] == nil { document = .revision(max(revision, .v2025_11_25)) }
        let complaints = judge(message, document, first("JSONRPCErrorResponse", "JSONRPCError", document))
        guard let code = error["code"]?.int64Value, let definition = MessageJudge.errors[code],
            schemas.defines(definition, in: document)
        else { return complaints }
        // Some describe the whole answer, some its member `error`.
        let isWhole = [-32_020, -32_021, -32_022, -32_042].contains(code)
        return complaints + judge(isWhole ? message : error, document, definition)
    }

    private func judgeLegacy(
        _ result: JSONValue, _ asked: AskedOfServer, _ document: PublishedSchemas.Document
    ) -> [String] {
        guard let definition = MessageJudge.results[asked.method] else {
            return ["there is no result of \(asked.method)"]
        }
        let isTask = asked.method == "tools/call" && asked.isTask && schemas.defines("CreateTaskResult", in: document)
        return judge(result, document, isTask ? "CreateTaskResult" : definition)
    }

    private func judgeModern(_ result: JSONValue, _ method: String) -> [String] {
        let document = PublishedSchemas.Document.revision(.v2026_07_28)
        let canAsk = ["tools/call", "prompts/get", "resources/read"].contains(method)
        switch result["resultType"]?.stringValue {
        case "task" where method == "tools/call": return judge(result, .tasks, "CreateTaskResult")
        case "input_required" where canAsk: return judge(result, document, "InputRequiredResult")
        default: break
        }
        guard let definition = MessageJudge.results[method] else { return ["there is no result of \(method)"] }
        guard !method.hasPrefix("tasks/") else {
            var complaints = judge(result, .tasks, definition)
            if method == "tasks/get", let inner = result["result"] {
                complaints += judge(inner, document, "CallToolResult")
            }
            return complaints
        }
        return judge(result, document, definition)
    }

    private func first(_ name: String, _ other: String, _ document: PublishedSchemas.Document) -> String {
        schemas.defines(name, in: document) ? name : other
    }

    private func judge(_ value: JSONValue, _ document: PublishedSchemas.Document, _ name: String) -> [String] {
        schemas.complaints(about: value, by: name, in: document)
    }
}
