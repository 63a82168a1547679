/// The methods of all revisions of MCP and of its tasks extension, requests and notifications of both directions.
///
/// What is not listed is `unknown`, and is forwarded: the backend may know it. What may be done with a method is in
/// `MCPMethod+Properties.swift`. Raw values count from 0 without a gap, so that tables can be indexed by them.
public enum MCPMethod: UInt8, CaseIterable, Sendable {
    /// Any other method, and the absence of one.
    case unknown = 0
    /// Opens a session; legacy only.
    case initialize
    /// Asks whether the peer lives; legacy only.
    case ping
    /// Asks what a server speaks and offers; modern.
    case serverDiscover
    /// Lists tools.
    case toolsList
    /// Calls a tool.
    case toolsCall
    /// Lists prompts.
    case promptsList
    /// Reads a prompt.
    case promptsGet
    /// Lists resources.
    case resourcesList
    /// Lists templates of resource URIs.
    case resourcesTemplatesList
    /// Reads a resource.
    case resourcesRead
    /// Asks to be told of changes; legacy only.
    case resourcesSubscribe
    /// Ends that; legacy only.
    case resourcesUnsubscribe
    /// Opens the stream of changes; modern.
    case subscriptionsListen
    /// Completes an argument.
    case completionComplete
    /// Sets the level of log messages; legacy only.
    case loggingSetLevel
    /// A server asks for a model's answer.
    case samplingCreateMessage
    /// A server asks the user.
    case elicitationCreate
    /// A server asks for the client's roots.
    case rootsList
    /// Asks how a task stands.
    case tasksGet
    /// Lists tasks; 2025-11-25 only.
    case tasksList
    /// Waits for a task's result; 2025-11-25 only.
    case tasksResult
    /// Answers what a task has asked for; extension of 2026-07-28.
    case tasksUpdate
    /// Cancels a task.
    case tasksCancel
    /// The client has read the answer to `initialize`.
    case notificationsInitialized
    /// The sender gives a request up.
    case notificationsCancelled
    /// How far a request has come.
    case notificationsProgress
    /// A log message.
    case notificationsMessage
    /// The list of tools has changed.
    case notificationsToolsListChanged
    /// The list of prompts has changed.
    case notificationsPromptsListChanged
    /// The list of resources has changed.
    case notificationsResourcesListChanged
    /// A resource has changed.
    case notificationsResourcesUpdated
    /// The client's roots have changed.
    case notificationsRootsListChanged
    /// What happened outside of MCP is over.
    case notificationsElicitationComplete
    /// A task's status has changed; 2025-11-25.
    case notificationsTasksStatus
    /// A task's status has changed; extension of 2026-07-28.
    case notificationsTasks
    /// The first message on a stream of changes.
    case notificationsSubscriptionsAcknowledged

    /// The method that a JSON string inside `bytes` names, escapes resolved.
    public init(_ text: JSONText, in bytes: ByteView) {
        if text.isEscaped {
            // Nobody escapes a method's name but to see what happens: the copy may cost what it costs.
            self = text.unescaped(in: bytes).withUnsafeBytes { MCPMethod(ByteView($0)) }
        } else {
            self.init(bytes[text.range])
        }
    }

    /// The method that these bytes spell, case and all. Allocates nothing.
    public init(_ name: ByteView) {
        self = MCPMethod.recognize(name)
    }

    /// The method as it is written; empty for `unknown`.
    public var text: StaticString {
        switch self {
        case .unknown: ""
        case .initialize: "initialize"
        case .ping: "ping"
        case .serverDiscover: "server/discover"
        case .toolsList: "tools/list"
        case .toolsCall: "tools/call"
        case .promptsList: "prompts/list"
        case .promptsGet: "prompts/get"
        case .resourcesList: "resources/list"
        case .resourcesTemplatesList: "resources/templates/list"
        case .resourcesRead: "resources/read"
        case .resourcesSubscribe: "resources/subscribe"
        case .resourcesUnsubscribe: "resources/unsubscribe"
        case .subscriptionsListen: "subscriptions/listen"
        case .completionComplete: "completion/complete"
        case .loggingSetLevel: "logging/setLevel"
        case .samplingCreateMessage: "sampling/createMessage"
        case .elicitationCreate: "elicitation/create"
        case .rootsList: "roots/list"
        case .tasksGet: "tasks/get"
        case .tasksList: "tasks/list"
        case .tasksResult: "tasks/result"
        case .tasksUpdate: "tasks/update"
        case .tasksCancel: "tasks/cancel"
        case .notificationsInitialized: "notifications/initialized"
        case .notificationsCancelled: "notifications/cancelled"
        case .notificationsProgress: "notifications/progress"
        case .notificationsMessage: "notifications/message"
        case .notificationsToolsListChanged: "notifications/tools/list_changed"
        case .notificationsPromptsListChanged: "notifications/prompts/list_changed"
        case .notificationsResourcesListChanged: "notifications/resources/list_changed"
        case .notificationsResourcesUpdated: "notifications/resources/updated"
        case .notificationsRootsListChanged: "notifications/roots/list_changed"
        case .notificationsElicitationComplete: "notifications/elicitation/complete"
        case .notificationsTasksStatus: "notifications/tasks/status"
        case .notificationsTasks: "notifications/tasks"
        case .notificationsSubscriptionsAcknowledged: "notifications/subscriptions/acknowledged"
        }
    }

    private static func recognize(_ name: ByteView) -> MCPMethod {
        switch name.count {
        case 4 where name.spells("ping"): .ping
        case 9 where name.spells("tasks/get"): .tasksGet
        case 10 where name.spells("tools/call"): .toolsCall
        case 10 where name.spells("initialize"): .initialize
        case 10 where name.spells("tools/list"): .toolsList
        case 10 where name.spells("roots/list"): .rootsList
        case 10 where name.spells("tasks/list"): .tasksList
        case 11 where name.spells("prompts/get"): .promptsGet
        case 12 where name.spells("prompts/list"): .promptsList
        case 12 where name.spells("tasks/result"): .tasksResult
        case 12 where name.spells("tasks/update"): .tasksUpdate
        case 12 where name.spells("tasks/cancel"): .tasksCancel
        case 14 where name.spells("resources/list"): .resourcesList
        case 14 where name.spells("resources/read"): .resourcesRead
        case 15 where name.spells("server/discover"): .serverDiscover
        case 16 where name.spells("logging/setLevel"): .loggingSetLevel
        case 18 where name.spells("elicitation/create"): .elicitationCreate
        case 19 where name.spells("resources/subscribe"): .resourcesSubscribe
        case 19 where name.spells("completion/complete"): .completionComplete
        case 19 where name.spells("notifications/tasks"): .notificationsTasks
        case 20 where name.spells("subscriptions/listen"): .subscriptionsListen
        case 21 where name.spells("resources/unsubscribe"): .resourcesUnsubscribe
        case 21 where name.spells("notifications/message"): .notificationsMessage
        case 22 where name.spells("sampling/createMessage"): .samplingCreateMessage
        case 22 where name.spells("notifications/progress"): .notificationsProgress
        case 23 where name.spells("notifications/cancelled"): .notificationsCancelled
        case 24 where name.spells("resources/templates/list"): .resourcesTemplatesList
        case 25 where name.spells("notifications/initialized"): .notificationsInitialized
        case 26 where name.spells("notifications/tasks/status"): .notificationsTasksStatus
        case 31 where name.spells("notifications/resources/updated"): .notificationsResourcesUpdated
        case 32 where name.spells("notifications/tools/list_changed"): .notificationsToolsListChanged
        case 32 where name.spells("notifications/roots/list_changed"): .notificationsRootsListChanged
        case 34 where name.spells("notifications/prompts/list_changed"): .notificationsPromptsListChanged
        case 34 where name.spells("notifications/elicitation/complete"): .notificationsElicitationComplete
        case 36 where name.spells("notifications/resources/list_changed"): .notificationsResourcesListChanged
        case 40 where name.spells("notifications/subscriptions/acknowledged"): .notificationsSubscriptionsAcknowledged
        default: .unknown
        }
    }
}

extension ByteView {
    /// Whether the bytes are exactly those of `text`, eight at a time.
    fileprivate func spells(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return equals(ByteView(UnsafeRawBufferPointer(start: text.utf8Start, count: count)))
    }
}
