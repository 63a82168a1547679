/// How much a `ResponseCache` may hold.
public struct ResponseCacheBounds: Hashable, Sendable {
    /// Bytes of all entries, at least 10.
    public let bytes: Int
    /// Bytes of one entry, at most nine tenths of all.
    public let entryBytes: Int
    /// Bytes of all entries of one owner.
    public let ownerBytes: Int
    /// How many entries, at least 10.
    public let entryCount: Int

    /// Bounds of `bytes` in all, of `entryBytes` for one entry (reliability 8: 64 MiB and 1 MiB), of `ownerPercent` of all
    /// for one owner and of `entryCount` entries. What is out of range is taken for the nearest value within it.
    public init(
        bytes: Int = 67_108_864, entryBytes: Int = 1_048_576, ownerPercent: Int = 10, entryCount: Int = 65_536
    ) {
        self.bytes = max(bytes, 10)
        let tenth = self.bytes / 10
        self.entryBytes = min(max(entryBytes, 1), self.bytes &- tenth)
        let percent = min(max(ownerPercent, 1), 100)
        ownerBytes = max(self.bytes / 100 &* percent &+ self.bytes % 100 &* percent / 100, 1)
        self.entryCount = min(max(entryCount, 10), Int(Int32.max))
    }

    /// Bytes of the main queue; the rest is the probation.
    @inlinable
    var mainBytes: Int { bytes &- bytes / 10 }
    /// Entries of the main queue.
    @inlinable
    var mainCount: Int { entryCount &- entryCount / 10 }
}
