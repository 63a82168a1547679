import Logging
import MCPServer
import NIOCore
import Synchronization

/// Gives its arguments back.
struct Echo: SynchronousTool {
    let definition = ToolDefinition(
        name: "echo", title: "Echo", description: "Gives its arguments back.",
        inputSchema: #"{"type":"object","properties":{"text":{"type":"string"}},"required":["text"]}"#,
        outputSchema: #"{"type":"object"}"#, annotations: ToolAnnotations(readOnly: true, idempotent: true))

    func run(_ call: ToolCall) throws -> ToolResult {
        _ = try call.arguments.string("text")
        return .structured(call.arguments.json)
    }
}

/// Returns a text; without title, schemas of results and annotations.
struct Plain: Tool {
    let definition = ToolDefinition(name: "plain", description: "Says hello.", inputSchema: #"{"type":"object"}"#)

    func run(_ call: ToolCall) async throws -> ToolResult {
        await Task.yield()
        return .text("hello")
    }
}

/// Throws something that nobody should see.
struct Broken: Tool {
    struct Failure: Error {
        var password = "hunter2"
    }

    let definition = ToolDefinition(name: "broken", description: "Fails.", inputSchema: #"{"type":"object"}"#)

    func run(_ call: ToolCall) async throws -> ToolResult {
        throw Failure()
    }
}

/// Waits until it is told to go on; tells when it has begun and whether it was cancelled.
final class Gate: Tool {
    let definition = ToolDefinition(name: "gate", description: "Waits.", inputSchema: #"{"type":"object"}"#)
    let begun = Signal()
    let opened = Signal()
    let cancelled = Signal()

    func run(_ call: ToolCall) async throws -> ToolResult {
        begun.raise()
        await withTaskCancellationHandler {
            await opened.wait()
        } onCancel: {
            cancelled.raise()
            opened.raise()
        }
        return .text("open")
    }
}

/// Something that happens once, and can be waited for.
final class Signal: Sendable {
    private struct State {
        var isRaised = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var isRaised: Bool { state.withLock { $0.isRaised } }

    func raise() {
        let waiting = state.withLock { state in
            state.isRaised = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isRaised = state.withLock { state in
                if !state.isRaised { state.waiting.append(continuation) }
                return state.isRaised
            }
            if isRaised { continuation.resume() }
        }
    }
}

/// A fixed text at `test://note`.
struct Note: SynchronousResource {
    let definition = ResourceDefinition(
        uri: "test://note", name: "note", title: "Note", description: "A note.", mimeType: "text/plain",
        cache: CacheHint(timeToLive: .milliseconds(1_500), scope: .everyone))

    func read() -> ResourceContents { .text("a \"note\"\n") }
}

/// Cannot be read.
struct Lost: Resource {
    let definition = ResourceDefinition(
        uri: "test://lost", name: "lost", description: "Cannot be read.", mimeType: "text/plain")

    func read() async throws -> ResourceContents { throw Broken.Failure() }
}

/// Keeps nothing.
let silentLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
