public import NIOCore

/// The way to the client for messages that belong to one of its requests and come before the answer.
public protocol MessageOutlet: Sendable {
    /// Sends one JSON-RPC message; returns when the client can take another, with whether the message may still reach it. A
    /// client that has gone, that has its answer, or that takes nothing but an answer gets nothing, which is no error.
    @discardableResult
    func send(_ message: ByteBuffer) async -> Bool

    /// Sends a message without waiting for anybody.
    func post(_ message: ByteBuffer)

    /// Lets the client go for a while, if it is one that comes back for the rest (MCP 2025-11-25, Streamable HTTP, polling).
    func suspend(for duration: Duration) async
}

extension MessageOutlet {
    public func post(_ message: ByteBuffer) {
        Task { await send(message) }
    }

    public func suspend(for duration: Duration) async {}
}
