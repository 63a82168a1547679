import Wire

/// What a modern client wants to be told of (MCP 2026-07-28, `SubscriptionFilter`).
struct SubscriptionFilter: Sendable {
    /// URIs that one subscription may name.
    static let maximumURICount = 1_000

    var tools = false
    var prompts = false
    var resources = false
    /// By their bytes: URIs that Swift takes for equal may be two resources.
    var uris: Set<[UInt8]> = []
    private var listedURIs: [String] = []

    /// What the parameters at `params` ask for. Throws what is wrong with them.
    init(_ params: ByteRange?, _ bytes: ByteView) throws(MCPError) {
        guard let params, let filter = JSONMembers.value(of: "notifications", in: params, bytes),
            JSONMembers.kind(filter, bytes) == .object
        else { throw .invalidParams("params.notifications must be an object") }
        func flag(_ name: StaticString) throws(MCPError) -> Bool {
            guard let value = JSONMembers.value(of: name, in: filter, bytes) else { return false }
            guard JSONMembers.kind(value, bytes) == .bool else {
                throw .invalidParams("notifications.\(name) must be true or false")
            }
            return bytes[Int(value.start)] == UInt8(ascii: "t")
        }
        tools = try flag("toolsListChanged")
        prompts = try flag("promptsListChanged")
        resources = try flag("resourcesListChanged")
        guard let list = JSONMembers.value(of: "resourceSubscriptions", in: filter, bytes) else { return }
        guard JSONMembers.kind(list, bytes) == .array else {
            throw .invalidParams("notifications.resourceSubscriptions must be an array")
        }
        var elements = JSONMembers(bytes, in: list)
        while let element = elements.next() {
            guard let text = JSONMembers.text(element.value, bytes) else {
                throw .invalidParams("notifications.resourceSubscriptions must hold URIs")
            }
            guard uris.count < SubscriptionFilter.maximumURICount else {
                throw .invalidParams("at most \(SubscriptionFilter.maximumURICount) resourceSubscriptions")
            }
            let uri = text.unescaped(in: bytes)
            if uris.insert(uri).inserted { listedURIs.append(String(decoding: uri, as: UTF8.self)) }
        }
    }

    /// Whether the client wants to know of `change`.
    func wants(_ change: ServerChange) -> Bool {
        switch change {
        case .tools: tools
        case .prompts: prompts
        case .resources: resources
        case .resource(let uri): uris.contains(Array(uri.utf8))
        }
    }

    /// The part of the filter that is honoured, for the acknowledgement.
    func honoured(hasPrompts: Bool, hasResources: Bool) -> JSONValue {
        var filter = JSONObject()
        if tools { filter["toolsListChanged"] = true }
        if prompts, hasPrompts { filter["promptsListChanged"] = true }
        if resources, hasResources { filter["resourcesListChanged"] = true }
        if !listedURIs.isEmpty, hasResources {
            filter["resourceSubscriptions"] = .array(listedURIs.map { .string($0) })
        }
        return .object(filter)
    }
}
