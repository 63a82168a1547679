import Wire

/// What a modern client wants to be told of (MCP 2026-07-28, `SubscriptionFilter`).
struct SubscriptionFilter: Sendable {
    /// URIs, and tasks, that one subscription may name.
    private static let maximumCount = 1_000

    var tools = false
    var prompts = false
    var resources = false
    /// By their bytes: URIs that Swift takes for equal may be two resources.
    var uris: Set<[UInt8]> = []
    /// The ids of the tasks.
    var tasks: Set<String> = []
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
        for uri in try SubscriptionFilter.list("resourceSubscriptions", in: filter, bytes)
        where uris.insert(uri).inserted {
            listedURIs.append(String(decoding: uri, as: UTF8.self))
        }
        tasks = Set(
            try SubscriptionFilter.list("taskIds", in: filter, bytes).map { String(decoding: $0, as: UTF8.self) })
    }

    private static func list(
        _ name: StaticString, in filter: ByteRange, _ bytes: ByteView
    ) throws(MCPError) -> [[UInt8]] {
        guard let list = JSONMembers.value(of: name, in: filter, bytes) else { return [] }
        guard JSONMembers.kind(list, bytes) == .array else {
            throw .invalidParams("notifications.\(name) must be an array")
        }
        var found: [[UInt8]] = []
        var elements = JSONMembers(bytes, in: list)
        while let element = elements.next() {
            guard let text = JSONMembers.text(element.value, bytes) else {
                throw .invalidParams("notifications.\(name) must hold strings")
            }
            guard found.count < maximumCount else { throw .invalidParams("at most \(maximumCount) \(name)") }
            found.append(text.unescaped(in: bytes))
        }
        return found
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
        if !tasks.isEmpty { filter["taskIds"] = .array(tasks.sorted().map { .string($0) }) }
        return .object(filter)
    }
}
