import NIOCore
import Synchronization
import Wire

/// The sessions that legacy clients have opened: bounded, and forgotten when nobody uses them.
///
/// One table for all event loops, because a client's next connection may be accepted by another one than its last.
final class SessionTable: Sendable {
    private struct Entry {
        var session: ClientSession
        var lastUsedAt: NIODeadline
    }

    private struct State {
        var sessions: [SessionID: Entry] = [:]
        var sweptAt = NIODeadline.uptimeNanoseconds(0)
    }

    /// How often unused sessions are looked for while new ones are opened.
    private static let sweepInterval = TimeAmount.seconds(30)

    private let capacity: Int
    private let idleTimeout: TimeAmount
    private let state = Mutex(State())

    /// A table of at most `capacity` sessions, each of which ends after `idleTimeout` without a request.
    init(capacity: Int, idleTimeout: TimeAmount) {
        self.capacity = capacity
        self.idleTimeout = idleTimeout
    }

    /// Opens a session. `nil` if there are too many.
    func open(_ version: MCPProtocolVersion, at now: NIODeadline) -> SessionID? {
        let id = SessionID.random()
        return state.withLock { state in
            if state.sessions.count >= capacity || now - state.sweptAt > SessionTable.sweepInterval {
                sweep(&state, at: now)
            }
            guard state.sessions.count < capacity else { return nil }
            state.sessions[id] = Entry(session: ClientSession(version: version), lastUsedAt: now)
            return id
        }
    }

    /// A session that is still open; its idle time starts anew.
    func use(_ id: SessionID, at now: NIODeadline) -> ClientSession? {
        state.withLock { state in
            guard let entry = state.sessions[id] else { return nil }
            guard now - entry.lastUsedAt <= idleTimeout else {
                state.sessions[id] = nil
                return nil
            }
            state.sessions[id]?.lastUsedAt = max(now, entry.lastUsedAt)
            return entry.session
        }
    }

    /// Ends a session, and what still runs in it.
    func close(_ id: SessionID) {
        let session = state.withLock { $0.sessions.removeValue(forKey: id)?.session }
        session?.end()
    }

    /// How many sessions are kept, ones that are over but not yet swept included.
    var count: Int { state.withLock { $0.sessions.count } }

    private func sweep(_ state: inout State, at now: NIODeadline) {
        // Looking through a full table for every refused client would make refusing dear.
        guard now - state.sweptAt > .seconds(1) || state.sweptAt == .uptimeNanoseconds(0) else { return }
        state.sweptAt = now
        state.sessions = state.sessions.filter { now - $0.value.lastUsedAt <= idleTimeout }
    }
}
