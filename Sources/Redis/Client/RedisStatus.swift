package import Logging
import NIOCore
import Synchronization

/// How Redis is doing, as seen by all loops of a client: for metrics, and for the log, which hears of changes only.
package final class RedisStatus: Sendable {
    private struct State {
        var downCount = 0
        var hasWarned = false
        var lastWarning: NIODeadline?
        var lastCredentialsWarning: NIODeadline?
    }

    /// The shortest time between two warnings.
    private static let warningInterval = TimeAmount.seconds(10)
    private static let kinds = RedisError.Kind.allCases
    private let errors: [Counter]
    private let state = Mutex(State())
    private let logger: Logger

    private final class Counter: Sendable {
        let value = Atomic(0)
    }

    /// Nothing has happened yet; what changes is told to `logger`.
    package init(logger: Logger) {
        self.logger = logger
        errors = RedisStatus.kinds.map { _ in Counter() }
    }

    /// Whether every loop has a connection on which commands are served.
    package var isUp: Bool { state.withLock { $0.downCount == 0 } }

    /// How many commands have failed, by the kind of the error, since the start.
    package var errorCounts: [(kind: RedisError.Kind, count: Int)] {
        zip(RedisStatus.kinds, errors).map { ($0, $1.value.load(ordering: .relaxed)) }
    }

    /// Another loop begins to use Redis, and is not connected yet.
    func linkAdded() {
        state.withLock { $0.downCount += 1 }
    }

    /// A loop that was up has gone down, or could not come up.
    func linkFailed(wasUp: Bool, _ address: RedisAddress, _ reason: RedisError, now: NIODeadline) {
        if reason == .authentication { warnOfCredentials(address, now) }
        let isNews = state.withLock { state in
            if wasUp { state.downCount += 1 }
            // A server that comes and goes is told of now and then. While it stays away, this is called again.
            if let last = state.lastWarning, now - last < RedisStatus.warningInterval { return false }
            guard !state.hasWarned else { return false }
            state.hasWarned = true
            state.lastWarning = now
            return true
        }
        guard isNews else { return }
        logger.warning(
            "Redis does not serve",
            metadata: ["address": "\(address)", "reason": "\(reason.kind.rawValue)"])
    }

    /// A loop that was down is up.
    func linkServes(_ address: RedisAddress) {
        linkMended(address)
    }

    /// A loop is done with a server.
    func linkRemoved(wasUp: Bool, _ address: RedisAddress) {
        if !wasUp { linkMended(address) }
    }

    private func linkMended(_ address: RedisAddress) {
        let isNews = state.withLock { state in
            state.downCount -= 1
            guard state.downCount == 0, state.hasWarned else { return false }
            state.hasWarned = false
            return true
        }
        if isNews { logger.info("Redis serves again", metadata: ["address": "\(address)"]) }
    }

    /// Commands have failed.
    func count(_ error: RedisError, _ count: Int = 1) {
        guard let index = RedisStatus.kinds.firstIndex(of: error.kind) else { return }
        errors[index].value.add(count, ordering: .relaxed)
    }

    /// Says once a minute what only the operator can mend.
    private func warnOfCredentials(_ address: RedisAddress, _ now: NIODeadline) {
        let isDue = state.withLock { state in
            if let last = state.lastCredentialsWarning, now - last < .minutes(1) { return false }
            state.lastCredentialsWarning = now
            return true
        }
        guard isDue else { return }
        logger.error("Redis refuses the user or the password", metadata: ["address": "\(address)"])
    }
}
