import NIOCore
import Resilience
import Synchronization

/// Results in the memory of this process: bounded in bytes, the one that nobody asked for longest goes first.
///
/// Every operation has constant cost. The lock is held for a fraction of a microsecond.
final class MemoryCache: Sendable {
    /// Bytes of all results together, unless told otherwise.
    static let standardByteLimit = 64 << 20
    /// Bytes of the largest result that is kept.
    static let entryByteLimit = 1 << 20

    /// What an entry is.
    private enum Content: Sendable {
        case result(ByteBuffer, expiresAt: MonotonicTime)
        /// Another spelling of a request whose result is kept under its own key.
        case alias(CacheKey)
    }

    /// How much is kept.
    struct Figures: Hashable, Sendable {
        /// Results and aliases.
        var entryCount = 0
        /// Bytes, including what an entry costs beside its result.
        var bytes = 0
    }

    private struct State: Sendable {
        var entries = RecencyTable<CacheKey, Content>()
        var bytes = 0
    }

    /// What an entry costs beside its result: key, place in the table and in the list, the object of the buffer.
    static let entryOverhead = 256

    private let byteLimit: Int
    private let state = Mutex(State())

    /// An empty cache.
    init(byteLimit: Int = MemoryCache.standardByteLimit) {
        self.byteLimit = byteLimit
    }

    /// The result that was stored for `key`, or for what it is an alias of, and has not expired at `now`.
    func value(for key: CacheKey, at now: MonotonicTime) -> ByteBuffer? {
        state.withLock { state in
            var key = key
            var content = state.entries.use(key)
            if case .alias(let target) = content {
                key = target
                content = state.entries.use(key)
            }
            guard case .result(let value, let expiresAt) = content else { return nil }
            if now < expiresAt { return value }
            MemoryCache.drop(key, &state)
            return nil
        }
    }

    /// Remembers a result for `timeToLive`. One that is too large is not kept.
    func store(_ value: ByteBuffer, for key: CacheKey, timeToLive: Duration, at now: MonotonicTime) {
        guard value.storageCapacity <= MemoryCache.entryByteLimit, timeToLive > .zero else { return }
        put(.result(value, expiresAt: now + timeToLive), for: key)
    }

    /// Makes `alias` another name of `key`.
    func name(_ alias: CacheKey, as key: CacheKey) {
        put(.alias(key), for: alias)
    }

    /// How much is kept now.
    var figures: Figures {
        state.withLock { Figures(entryCount: $0.entries.count, bytes: $0.bytes) }
    }

    private func put(_ content: Content, for key: CacheKey) {
        state.withLock { state in
            state.bytes &+= MemoryCache.cost(content)
            if let before = state.entries.set(key, to: content) { state.bytes &-= MemoryCache.cost(before) }
            while state.bytes > byteLimit, let oldest = state.entries.removeOldest() {
                state.bytes &-= MemoryCache.cost(oldest.value)
            }
        }
    }

    private static func drop(_ key: CacheKey, _ state: inout State) {
        if let content = state.entries.remove(key) { state.bytes &-= cost(content) }
    }

    private static func cost(_ content: Content) -> Int {
        switch content {
        case .result(let value, _): value.storageCapacity &+ entryOverhead
        case .alias: entryOverhead
        }
    }
}

extension MonotonicTime {
    /// What the monotonic clock of the operating system shows.
    static func now() -> MonotonicTime {
        MonotonicTime(nanoseconds: Int64(clamping: NIODeadline.now().uptimeNanoseconds))
    }
}
