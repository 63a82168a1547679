/// Why bytes are not a reply that is accepted here (RESP3 specification, read strictly and with bounds).
///
/// After any of these the connection cannot be read further: where the next reply begins is unknown.
public enum RESPError: Error, Hashable, Sendable {
    /// Not RESP: an unknown type, a line or length that is not as its type wants it, a push inside of another reply.
    /// Strings and aggregates whose length is not known in advance, which no server sends, count as such.
    case malformed
    /// A line of more than 64 KiB, or strings of more than 64 MiB in one reply.
    case tooLong
    /// Aggregates lie in each other more than 32 deep.
    case tooDeep
    /// More than 2²⁰ elements in one reply.
    case tooManyElements
}

/// Bounds of every reply.
public enum RESPLimits {
    /// Bytes of one line, which is everything but the inside of a bulk string.
    public static let lineBytes = 65_536
    /// Bytes of all bulk strings of one reply together.
    public static let stringBytes = 64 << 20
    /// How deep aggregates may lie in each other; the outermost has depth 1.
    public static let depth = 32
    /// Elements of all aggregates of one reply together; a member of a map counts as two.
    public static let elementCount = 1 << 20
}
