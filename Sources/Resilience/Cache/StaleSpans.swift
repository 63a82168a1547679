/// For how long behind its expiry a kept answer may still be served (RFC 5861).
public struct StaleSpans: Hashable, Sendable {
    /// While a new one is fetched. Default 30 s.
    public var whileRevalidating: Duration
    /// While fetching a new one fails. Default 5 min.
    public var onError: Duration

    /// The given spans; negative ones count as none.
    public init(whileRevalidating: Duration = .seconds(30), onError: Duration = .seconds(300)) {
        self.whileRevalidating = max(whileRevalidating, .zero)
        self.onError = max(onError, .zero)
    }
}
