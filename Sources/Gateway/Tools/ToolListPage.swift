import Wire

/// One page of the answer to `tools/list`, read strictly (MCP 2025-11-25 and 2026-07-28, Tools).
struct ToolListPage {
    /// Why an answer is not taken.
    enum Flaw: String, Error {
        case notJSONRPC = "the answer is not a JSON-RPC response"
        case otherID = "the answer has another id"
        case otherResultType = "the result is not complete"
        case noTools = "the result has no array of tools"
        case badTool = "a tool is not an object with a name"
        case badAnnotations = "the annotations of a tool are not an object"
        case badHint = "a hint is not a boolean"
        case badCursor = "nextCursor is not text"
        case longCursor = "nextCursor is too long"
        case tooLarge = "a page is too large"
        case tooManyTools = "there are too many tools"
        case tooManyPages = "there are too many pages"
    }

    /// Longer cursors are not given back, in bytes.
    static let longestCursor = 4_096

    /// The cursor of the next page as it stands, JSON text with its quotes; `nil` if this was the last one.
    var nextCursor: [UInt8]?

    /// Reads the page in `bytes`, whose envelope has been validated, and adds its tools to `traits`.
    init(_ envelope: JSONRPCEnvelope, in bytes: ByteView, addingTo traits: inout ToolTraits) throws(Flaw) {
        guard let result = envelope.result, envelope.resultKind == .object else { throw .noTools }
        if let type = envelope.resultType, !type.equals("complete", in: bytes) { throw .otherResultType }
        var tools: JSONValueRange?
        var members = JSONMemberRanges(of: result, in: bytes)
        while let member = members.next() {
            if member.name.equals("tools", in: bytes) { tools = member.value }
            guard member.name.equals("nextCursor", in: bytes) else { continue }
            switch member.value.kind {
            case .null: nextCursor = nil
            case .string:
                guard member.value.range.count <= ToolListPage.longestCursor else { throw .longCursor }
                nextCursor = bytes[member.value.range].bytes
            default: throw .badCursor
            }
        }
        guard let tools, tools.kind == .array else { throw .noTools }
        var elements = JSONElementRanges(of: tools.range, in: bytes)
        while let tool = elements.next() {
            let (name, isRepeatable) = try ToolListPage.read(tool, bytes)
            guard traits.note(name.unescaped(in: bytes), isRepeatable: isRepeatable) else { throw .tooManyTools }
        }
    }

    /// The name of a tool, and whether one of its hints says that it may be called again.
    private static func read(_ tool: JSONValueRange, _ bytes: ByteView) throws(Flaw) -> (JSONText, Bool) {
        var name: JSONText?
        var isRepeatable = false
        var members = JSONMemberRanges(of: tool.range, in: bytes)
        while let member = members.next() {
            if member.name.equals("name", in: bytes) {
                guard member.value.kind == .string else { throw .badTool }
                name = text(member.value.range, bytes)
            } else if member.name.equals("annotations", in: bytes) {
                guard member.value.kind == .object else { throw .badAnnotations }
                isRepeatable = try isRepeatableByHints(member.value.range, bytes)
            }
        }
        guard tool.kind == .object, let name else { throw .badTool }
        return (name, isRepeatable)
    }

    private static func isRepeatableByHints(_ annotations: ByteRange, _ bytes: ByteView) throws(Flaw) -> Bool {
        var isRepeatable = false
        var members = JSONMemberRanges(of: annotations, in: bytes)
        while let member = members.next() {
            guard member.name.equals("readOnlyHint", in: bytes) || member.name.equals("idempotentHint", in: bytes)
            else { continue }
            guard member.value.kind == .bool else { throw .badHint }
            if bytes[Int(member.value.range.start)] == UInt8(ascii: "t") { isRepeatable = true }
        }
        return isRepeatable
    }

    /// The text whose quotes are at the ends of `range`.
    private static func text(_ range: ByteRange, _ bytes: ByteView) -> JSONText {
        let inner = ByteRange(from: Int(range.start) &+ 1, to: range.end &- 1)
        return JSONText(range: inner, isEscaped: bytes[inner].bytes.contains(UInt8(ascii: "\\")))
    }
}
