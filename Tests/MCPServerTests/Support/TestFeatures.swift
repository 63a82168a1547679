import MCPServer
import NIOCore
import Synchronization
import Testing
import Wire

/// Greets, in the words that it is given.
struct Greeting: Prompt {
    let definition = PromptDefinition(
        name: "greeting", title: "Greeting", description: "Greets somebody.",
        arguments: [
            PromptArgument("who", title: "Who", description: "Who is greeted.", isRequired: true),
            PromptArgument("style", description: "How."),
        ])

    func get(_ call: PromptCall) async throws -> PromptResult {
        if call.arguments["style"] == "rude" { throw ToolInputError("be polite") }
        if call.arguments["style"] == "broken" { throw Broken.Failure() }
        return PromptResult([
            .user("Hello, \(call.arguments["who"] ?? "?")!"),
            PromptMessage(.assistant, .image(ByteBuffer(bytes: [1, 2, 3, 4]), mimeType: "image/png")),
        ])
    }

    func complete(_ name: String, _ request: CompletionRequest) async throws -> [String] {
        guard name == "who" else { return [] }
        if request.value == "many" { return (1...150).map { "many \($0)" } }
        return ["Ann", "Anton", "Bea"].filter { $0.hasPrefix(request.value) && $0 != request.others["not"] }
    }
}

/// Files below `test://files/`.
struct Files: ResourceTemplate {
    let definition = ResourceTemplateDefinition(
        uriTemplate: "test://files/{folder}/{+path}", name: "files", title: "Files", description: "Files.",
        mimeType: "application/octet-stream", cache: CacheHint(timeToLive: .seconds(2), scope: .sameAuthorization))

    func read(_ request: ResourceRequest) async throws -> ResourceContents? {
        switch request.variables["folder"] {
        case "none": nil
        case "broken": throw Broken.Failure()
        default: .binary(ByteBuffer(string: "\(request.variables["folder"] ?? "")|\(request.variables["path"] ?? "")"))
        }
    }

    func complete(_ name: String, _ request: CompletionRequest) async throws -> [String] {
        name == "folder" ? ["inbox", "outbox"].filter { $0.hasPrefix(request.value) } : []
    }
}

/// Tells how far it is, and logs, as often as it is told.
struct Talkative: Tool {
    let definition = ToolDefinition(
        name: "talk", description: "Talks.", inputSchema: #"{"type":"object"}"#)

    func run(_ call: ToolCall) async throws -> ToolResult {
        let context = call.context
        await context.report(progress: 1, of: 3, "one")
        // Not further than before: must not be sent.
        await context.report(progress: 1, of: 3, "one again")
        await context.log(.debug, "details", logger: "talk")
        await context.log(.warning, ["careful": true])
        await context.report(progress: 2.5)
        return .text("said")
    }
}

/// Every kind of content.
struct Gallery: SynchronousTool {
    let definition = ToolDefinition(name: "gallery", description: "Shows.", inputSchema: #"{"type":"object"}"#)

    func run(_ call: ToolCall) throws -> ToolResult {
        let bytes = ByteBuffer(bytes: [0xFF, 0x00, 0x7F])
        return ToolResult([
            .text("t"), .image(bytes, mimeType: "image/png"), .audio(bytes, mimeType: "audio/wav"),
            .link(uri: "test://note", name: "note", mimeType: "text/plain"),
            .resource(uri: "test://r", mimeType: "text/plain", .text("inside")),
            .resource(uri: "test://b", mimeType: "application/octet-stream", .binary(bytes)),
        ])
    }
}

/// Keeps what is sent, and judges it by the published schemas.
final class RecordingOutlet: MessageOutlet {
    private let messages = Mutex<[String]>([])
    private let conversation: Conversation

    /// For what is said in this revision.
    init(_ version: MCPProtocolVersion) {
        conversation = Conversation(version)
    }

    var sent: [JSONValue] { messages.withLock { $0 }.compactMap { try? JSONValue.parse($0) } }

    func send(_ message: ByteBuffer) async -> Bool {
        keep(message)
        return true
    }

    func keep(_ message: ByteBuffer) {
        conversation.hear(String(buffer: message))
        messages.withLock { $0.append(String(buffer: message)) }
    }
}
