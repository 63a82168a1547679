import NIOCore

/// Where results are remembered. Never fails: what cannot be had or kept is computed again.
protocol ResultCache: Sendable {
    /// The result that was stored for `key` and has not expired.
    func value(for key: CacheKey) async -> ByteBuffer?

    /// Remembers a result for so long, if there is room.
    func store(_ value: ByteBuffer, for key: CacheKey, timeToLive: Duration) async
}
