/// Why bytes are not an LZ4 block, or not one of the length that was asked for.
public enum LZ4Error: Error, Hashable, Sendable, CaseIterable {
    /// The block ends within a sequence, or behind a match.
    case truncated
    /// A match begins before the first byte, or nowhere.
    case offset
    /// The block stands for fewer or more bytes than were asked for.
    case length
}
