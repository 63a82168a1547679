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
        case 4 where name.equals("ping"): .ping
        case 9 where name.equals("tasks/get"): .tasksGet
        case 10 where name.equals("tools/call"): .toolsCall
        case 10 where name.equals("initialize"): .initialize
        case 10 where name.equals("tools/list"): .toolsList
        case 10 where name.equals("roots/list"): .rootsList
        case 10 where name.equals("tasks/list"): .tasksList
        case 11 where name.equals("prompts/get"): .promptsGet
        case 12 where name.equals("prompts/list"): .promptsList
        case 12 where name.equals("tasks/result"): .tasksResult
        case 12 where name.equals("tasks/update"): .tasksUpdate
        case 12 where name.equals("tasks/cancel"): .tasksCancel
        case 14 where name.equals("resources/list"): .resourcesList
        case 14 where name.equals("resources/read"): .resourcesRead
        case 15 where name.equals("server/discover"): .serverDiscover
        case 16 where name.equals("logging/setLevel"): .loggingSetLevel
        case 18 where name.equals("elicitation/create"): .elicitationCreate
        case 19 where name.equals("resources/subscribe"): .resourcesSubscribe
        case 19 where name.equals("completion/complete"): .completionComplete
        case 19 where name.equals("notifications/tasks"): .notificationsTasks
        case 20 where name.equals("subscriptions/listen"): .subscriptionsListen
        case 21 where name.equals("resources/unsubscribe"): .resourcesUnsubscribe
        case 21 where name.equals("notifications/message"): .notificationsMessage
        case 22 where name.equals("sampling/createMessage"): .samplingCreateMessage
        case 22 where name.equals("notifications/progress"): .notificationsProgress
        case 23 where name.equals("notifications/cancelled"): .notificationsCancelled
        case 24 where name.equals("resources/templates/list"): .resourcesTemplatesList
        case 25 where name.equals("notifications/initialized"): .notificationsInitialized
        case 26 where name.equals("notifications/tasks/status"): .notificationsTasksStatus
        case 31 where name.equals("notifications/resources/updated"): .notificationsResourcesUpdated
        case 32 where name.equals("notifications/tools/list_changed"): .notificationsToolsListChanged
        case 32 where name.equals("notifications/roots/list_changed"): .notificationsRootsListChanged
        case 34 where name.equals("notifications/prompts/list_changed"): .notificationsPromptsListChanged
        case 34 where name.equals("notifications/elicitation/complete"): .notificationsElicitationComplete
        case 36 where name.equals("notifications/resources/list_changed"): .notificationsResourcesListChanged
        case 40 where name.equals("notifications/subscriptions/acknowledged"): .notificationsSubscriptionsAcknowledged
        default: .unknown
        }
    }
}
