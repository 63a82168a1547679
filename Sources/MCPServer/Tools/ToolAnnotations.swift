import NIOCore
import Wire

/// What a tool does to the world, as hints for clients (MCP schema, `ToolAnnotations`). `nil` leaves a hint out.
public struct ToolAnnotations: Hashable, Sendable {
    /// It changes nothing. Clients assume false.
    public var readOnly: Bool?
    /// It may destroy something. Clients assume true.
    public var destructive: Bool?
    /// Calling it again with the same arguments changes nothing more. Clients assume false.
    public var idempotent: Bool?
    /// It deals with things outside of the server. Clients assume true.
    public var openWorld: Bool?

    /// Hints.
    public init(readOnly: Bool? = nil, destructive: Bool? = nil, idempotent: Bool? = nil, openWorld: Bool? = nil) {
        self.readOnly = readOnly
        self.destructive = destructive
        self.idempotent = idempotent
        self.openWorld = openWorld
    }

    /// Appends `,"annotations":{…}` if there is anything to say.
    ///
    /// Revision 2025-03-26 has no `title` member on tools, so the title goes here.
    func writeMember(into buffer: inout ByteBuffer, title: String?, version: MCPProtocolVersion) {
        let hints: [(StaticString, Bool?)] = [
            ("readOnlyHint", readOnly), ("destructiveHint", destructive), ("idempotentHint", idempotent),
            ("openWorldHint", openWorld),
        ]
        var isFirst = true
        let begin = { (name: StaticString, buffer: inout ByteBuffer) in
            buffer.writeStaticString(isFirst ? ",\"annotations\":{\"" : ",\"")
            buffer.writeStaticString(name)
            buffer.writeStaticString("\":")
            isFirst = false
        }
        if let title, version < .v2025_06_18 {
            begin("title", &buffer)
            buffer.writeJSONString(title)
        }
        for (name, value) in hints {
            guard let value else { continue }
            begin(name, &buffer)
            buffer.writeStaticString(value ? "true" : "false")
        }
        if !isFirst { buffer.writeStaticString("}") }
    }
}
