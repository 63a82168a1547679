public import NIOCore
public import Wire

/// What a call of a tool gives back.
public struct ToolResult: Sendable {
    /// What models read. When it is empty and there is structured content, that content's JSON is sent as text too, so
    /// that clients of every revision see it.
    public var content: [ContentBlock]
    /// The JSON text of one object, for programs; must match the tool's output schema. Revisions from 2025-06-18 on; for
    /// those from 2026-07-28 on it may be any value.
    public var structuredContent: ByteBuffer?
    /// Whether the tool failed, in a way that the model should know of.
    public var isError: Bool

    /// A result.
    public init(_ content: [ContentBlock], structuredContent: ByteBuffer? = nil, isError: Bool = false) {
        self.content = content
        self.structuredContent = structuredContent
        self.isError = isError
    }

    /// A result of one text.
    public static func text(_ text: String) -> ToolResult {
        ToolResult([.text(text)])
    }

    /// A result for programs: the JSON text of one object.
    public static func structured(_ json: ByteBuffer) -> ToolResult {
        ToolResult([], structuredContent: json)
    }

    /// A result for programs.
    public static func structured(_ value: JSONValue) -> ToolResult {
        var json = ByteBuffer()
        value.write(into: &json)
        return ToolResult([], structuredContent: json)
    }

    /// A failure that the model should know of.
    public static func error(_ message: String) -> ToolResult {
        ToolResult([.text(message)], isError: true)
    }

    /// About how many bytes the result takes.
    var sizeHint: Int {
        content.reduce(256 &+ (structuredContent?.readableBytes ?? 0) &* 3) { $0 &+ $1.sizeHint }
    }

    /// Appends the members of `CallToolResult` as the revision knows them.
    func writeMembers(into buffer: inout ByteBuffer, version: MCPProtocolVersion) {
        buffer.writeStaticString("\"content\":[")
        if content.isEmpty, let structuredContent {
            buffer.writeStaticString("{\"type\":\"text\",\"text\":")
            structuredContent.withByteView { buffer.writeJSONString($0) }
            buffer.writeStaticString("}")
        }
        for (index, block) in content.enumerated() {
            if index > 0 { buffer.writeStaticString(",") }
            block.write(into: &buffer, version: version)
        }
        buffer.writeStaticString("]")
        if let structuredContent, version >= (isObject(structuredContent) ? .v2025_06_18 : .v2026_07_28) {
            buffer.writeStaticString(",\"structuredContent\":")
            buffer.writeImmutableBuffer(structuredContent)
        }
        if isError { buffer.writeStaticString(",\"isError\":true") }
    }

    private func isObject(_ json: ByteBuffer) -> Bool {
        json.readableBytesView.first { $0 > 0x20 } == UInt8(ascii: "{")
    }
}
