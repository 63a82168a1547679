public import NIOCore

/// The way to the client for messages that belong to one of its requests and come before the answer.
public protocol MessageOutlet: Sendable {
    /// Sends one JSON-RPC message; returns when the client can take another. A client that has gone, that has its answer, or
    /// that takes nothing but an answer gets nothing, which is no error.
    func send(_ message: ByteBuffer) async
}
