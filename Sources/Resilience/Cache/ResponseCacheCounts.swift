/// What has happened to the entries of a `ResponseCache`.
public struct ResponseCacheCounts: Hashable, Sendable {
    /// Entries that had to go for others.
    public internal(set) var evictions = 0
    /// Entries whose time was over when they were looked at.
    public internal(set) var expirations = 0
}
