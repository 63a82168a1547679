/// What has happened to the entries of a `ResponseCache`.
public struct ResponseCacheCounts: Hashable, Sendable {
    /// Entries that had to go for others.
    public var evictions = 0
    /// Entries whose time was over when they were looked at.
    public var expirations = 0

    /// The given counts.
    @inlinable
    public init(evictions: Int = 0, expirations: Int = 0) {
        self.evictions = evictions
        self.expirations = expirations
    }
}
