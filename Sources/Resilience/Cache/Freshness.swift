/// What a kept answer is good for.
@frozen
public enum Freshness: Hashable, Sendable {
    /// It may be served.
    case fresh
    /// It may be served while a new one is fetched.
    case staleWhileRevalidating
    /// It may be served if fetching a new one fails.
    case staleOnError
    /// It must not be served.
    case dead
}
