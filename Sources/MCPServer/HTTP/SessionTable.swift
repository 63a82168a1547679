import NIOCore
import Synchronization
import Wire

/// The sessions that legacy clients have opened: bounded, and forgotten when nobody uses them.
///
/// One table for all event loops, because a client's next connection may be accepted by another one than its last.
final class SessionTable: Sendable {
    private struct Entry {
        var session: ClientSession
        /// Who opened it; nobody else may use it (MCP, Security, session hijacking).
        var principal: [UInt8]?
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
    private let keptBytes: Int
    private let budget: EventBudget
    private let state = Mutex(State())

    /// A table of at most `capacity` sessions, each of which ends after `idleTimeout` without a request or a listener, and
    /// keeps at most `keptBytes` of events, all of them together at most `totalKeptBytes`.
    init(capacity: Int, idleTimeout: TimeAmount, keptBytes: Int = 0, totalKeptBytes: Int = 0) {
        self.capacity = capacity
        self.idleTimeout = idleTimeout
        self.keptBytes = keptBytes
        budget = EventBudget(limit: totalKeptBytes)
    }

    /// Opens a session. `nil` if there are too many.
    func open(
        _ handshake: Answer.Handshake, principal: [UInt8]? = nil, changes: ChangeHub? = nil, at now: NIODeadline
    ) -> SessionID? {
        let id = SessionID.random()
        let streams = SessionStreams(handshake.version, capacity: keptBytes, budget: budget)
        let session = ClientSession(
            version: handshake.version, capabilities: handshake.capabilities, streams: streams, outlet: streams)
        let (isOpen, expired) = state.withLock { state in
            var expired: [ClientSession] = []
            if state.sessions.count >= capacity || now - state.sweptAt > SessionTable.sweepInterval {
                expired = sweep(&state, at: now)
            }
            guard state.sessions.count < capacity else { return (false, expired) }
            state.sessions[id] = Entry(session: session, principal: principal, lastUsedAt: now)
            return (true, expired)
        }
        for session in expired { session.end() }
        if isOpen, let changes { session.listen(to: changes) }
        return isOpen ? id : nil
    }

    /// A session that is still open and that `principal` has opened; its idle time starts anew.
    func use(_ id: SessionID, by principal: [UInt8]? = nil, at now: NIODeadline) -> ClientSession? {
        let (session, isExpired) = state.withLock { state -> (ClientSession?, Bool) in
            guard let entry = state.sessions[id], entry.principal == principal else { return (nil, false) }
            guard isFresh(entry, at: now) else {
                state.sessions[id] = nil
                return (entry.session, true)
            }
            state.sessions[id]?.lastUsedAt = max(now, entry.lastUsedAt)
            return (entry.session, false)
        }
        guard isExpired else { return session }
        session?.end()
        return nil
    }

    private func isFresh(_ entry: Entry, at now: NIODeadline) -> Bool {
        now - entry.lastUsedAt <= idleTimeout || entry.session.streams.hasListener
    }

    /// Lets all clients go that only listen: the server stops.
    func releaseListeners() {
        let sessions = state.withLock { $0.sessions.values.map(\.session) }
        for session in sessions { session.streams.releaseListener() }
    }

    /// Ends a session, and what still runs in it.
    func close(_ id: SessionID) {
        let session = state.withLock { $0.sessions.removeValue(forKey: id)?.session }
        session?.end()
    }

    /// How many sessions are kept, ones that are over but not yet swept included.
    var count: Int { state.withLock { $0.sessions.count } }

    /// Removes what is over, and gives it.
    private func sweep(_ state: inout State, at now: NIODeadline) -> [ClientSession] {
        // Looking through a full table for every refused client would make refusing dear.
        guard now - state.sweptAt > .seconds(1) || state.sweptAt == .uptimeNanoseconds(0) else { return [] }
        state.sweptAt = now
        let expired = state.sessions.filter { !isFresh($0.value, at: now) }
        for id in expired.keys { state.sessions[id] = nil }
        return expired.values.map(\.session)
    }
}
