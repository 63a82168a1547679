import Wire

/// What a client can be asked for (MCP schema, `ClientCapabilities`): said once per session, or with each modern request.
public struct ClientCapabilities: Hashable, Sendable {
    /// Forms can be shown to its user; revisions from 2025-06-18 on.
    public var showsForms = false
    /// Its user can be sent to a web page; revisions from 2025-11-25 on.
    public var opensURLs = false
    /// It can ask a language model.
    public var samples = false
    /// Its language model can be given tools; revisions from 2025-11-25 on.
    public var samplesWithTools = false
    /// It can tell in which folders it works.
    public var listsRoots = false
    /// It understands answers that are tasks (extension `io.modelcontextprotocol/tasks`; 2026-07-28).
    public var understandsTasks = false

    /// Nothing.
    public init() {}

    /// What the object at `range` declares. A member of another kind than the schema says declares nothing.
    init(_ range: ByteRange?, _ version: MCPProtocolVersion, _ bytes: ByteView) {
        guard let range, JSONMembers.kind(range, bytes) == .object else { return }
        func object(_ name: StaticString, of range: ByteRange?) -> ByteRange? {
            range.flatMap { JSONMembers.value(of: name, in: $0, bytes) }.flatMap {
                JSONMembers.kind($0, bytes) == .object ? $0 : nil
            }
        }
        listsRoots = object("roots", of: range) != nil
        let sampling = object("sampling", of: range)
        samples = sampling != nil
        samplesWithTools = version >= .v2025_11_25 && object("tools", of: sampling) != nil
        if let elicitation = object("elicitation", of: range), version >= .v2025_06_18 {
            let url = object("url", of: elicitation) != nil
            // Nothing said of modes means forms, as before there were modes.
            showsForms = version < .v2025_11_25 || object("form", of: elicitation) != nil || !url
            opensURLs = version >= .v2025_11_25 && url
        }
        let extensions = object("extensions", of: range)
        understandsTasks =
            version.era == .modern && object("io.modelcontextprotocol/tasks", of: extensions) != nil
    }
}
