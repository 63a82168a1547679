import Wire

/// A tool as the server keeps it: told apart once by how it runs.
struct RegisteredTool: Sendable {
    enum Kind: Sendable {
        case synchronous(any SynchronousTool)
        case asynchronous(any Tool)
    }

    let definition: ToolDefinition
    let kind: Kind
    private let name: [UInt8]

    init(_ tool: any Tool) {
        definition = tool.definition
        name = Array(definition.name.utf8)
        if let synchronous = tool as? any SynchronousTool {
            kind = .synchronous(synchronous)
        } else {
            kind = .asynchronous(tool)
        }
    }

    /// Whether `text` is the tool's name, byte for byte after unescaping.
    func isNamed(_ text: JSONText, _ bytes: ByteView) -> Bool {
        name.withUnsafeBytes { text.equals(ByteView($0), in: bytes) }
    }
}
