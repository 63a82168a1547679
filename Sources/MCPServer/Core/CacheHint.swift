import NIOCore
import Wire

/// How long a client or an intermediary may keep a result, and for whom (MCP 2026-07-28, caching).
public struct CacheHint: Hashable, Sendable {
    /// Who may be given the kept result.
    public enum Scope: Hashable, Sendable {
        /// Anybody.
        case everyone
        /// The same authorization context only.
        case sameAuthorization
    }

    /// How long the result stays fresh; zero or less means not at all. Whole milliseconds go out.
    public var timeToLive: Duration
    /// For whom.
    public var scope: Scope

    /// A hint.
    public init(timeToLive: Duration, scope: Scope) {
        self.timeToLive = timeToLive
        self.scope = scope
    }

    /// Stale as soon as it is read.
    public static let none = CacheHint(timeToLive: .zero, scope: .sameAuthorization)
    /// What does not change while the server runs: a minute, for everybody. A restart may change it, so it is no longer.
    public static let fixed = CacheHint(timeToLive: .seconds(60), scope: .everyone)

    /// Appends `,"ttlMs":…,"cacheScope":…`.
    func writeMembers(into buffer: inout ByteBuffer) {
        let (seconds, attoseconds) = timeToLive.components
        let milliseconds = max(0, min(seconds, 1 << 40)) * 1_000 + max(0, attoseconds) / 1_000_000_000_000_000
        buffer.writeStaticString(",\"ttlMs\":")
        buffer.writeDecimal(Int(clamping: milliseconds))
        switch scope {
        case .everyone: buffer.writeStaticString(",\"cacheScope\":\"public\"")
        case .sameAuthorization: buffer.writeStaticString(",\"cacheScope\":\"private\"")
        }
    }
}
