import Wire

/// Something about a server that clients may want to know of.
public enum ServerChange: Hashable, Sendable {
    /// There are other tools than before.
    case tools
    /// There are other prompts than before.
    case prompts
    /// There are other resources than before.
    case resources
    /// The resource at this URI has other contents than before.
    case resource(String)

    /// The notification that tells of it.
    var method: MCPMethod {
        switch self {
        case .tools: .notificationsToolsListChanged
        case .prompts: .notificationsPromptsListChanged
        case .resources: .notificationsResourcesListChanged
        case .resource: .notificationsResourcesUpdated
        }
    }

    /// The notification as a message; `meta` goes into its parameters.
    func notification(meta: JSONValue? = nil) -> JSONValue {
        var parameters = JSONObject()
        if case .resource(let uri) = self { parameters["uri"] = .string(uri) }
        parameters["_meta"] = meta
        var message: JSONObject = ["jsonrpc": "2.0", "method": .string("\(method.text)")]
        if !parameters.members.isEmpty { message["params"] = .object(parameters) }
        return .object(message)
    }
}
