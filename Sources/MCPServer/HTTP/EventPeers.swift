import NIOCore
import Synchronization
import Wire

/// The clients of HTTP+SSE (MCP 2024-11-05): each is there as long as its event stream is open, on the loop of that.
final class EventPeers: Sendable {
    private struct Entry {
        var peer: NIOLoopBound<DuplexPeer>
        /// Who opened the stream; nobody else may send for it (MCP, Security, session hijacking).
        var principal: [UInt8]?
    }

    private let capacity: Int
    private let entries = Mutex<[SessionID: Entry]>([:])

    /// A table of at most `capacity` clients.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Adds a client. `nil` if there are too many.
    func open(_ peer: NIOLoopBound<DuplexPeer>, principal: [UInt8]?) -> SessionID? {
        entries.withLock { entries in
            guard entries.count < capacity else { return nil }
            let id = SessionID.random()
            entries[id] = Entry(peer: peer, principal: principal)
            return id
        }
    }

    /// The client that has opened the stream with this id.
    func find(_ id: SessionID, by principal: [UInt8]?) -> NIOLoopBound<DuplexPeer>? {
        entries.withLock { entries in
            guard let entry = entries[id], entry.principal == principal else { return nil }
            return entry.peer
        }
    }

    /// The stream has ended.
    func close(_ id: SessionID) {
        entries.withLock { _ = $0.removeValue(forKey: id) }
    }
}

/// The event stream of a client of HTTP+SSE. Belongs to its loop.
final class EventPeerStream: DuplexPeer.Way {
    private let writer: EventWriter

    init(_ writer: EventWriter) {
        self.writer = writer
    }

    func write(_ message: ByteBuffer) -> EventLoopFuture<Void> {
        writer.send(AnswerForm.event(message))
    }

    func lastAnswerWritten() {
        writer.finish(ByteBuffer())
    }
}

@available(*, unavailable)
extension EventPeerStream: Sendable {}
