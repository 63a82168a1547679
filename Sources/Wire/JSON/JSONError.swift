/// Why bytes are not a JSON text that is accepted here (RFC 8259, read strictly and with bounds).
public enum JSONError: Error, Hashable, Sendable {
    /// Not JSON: the byte at `offset` cannot stand there, or the text ends before its time. Includes bytes that are not
    /// UTF-8 and `\u` escapes that are half of a surrogate pair.
    case syntax(offset: Int)
    /// An object has two members of one name, compared after unescaping; the second name begins at `offset`.
    case duplicateName(offset: Int)
    /// Arrays and objects lie in each other more than 64 deep.
    case tooDeep
    /// More than 100,000 values, or a text of 4 GiB or more.
    case tooManyValues
    /// The name of a member has more than 65,536 bytes after unescaping.
    case nameTooLong
}

/// Bounds of every JSON text, from a peer or from ourselves.
public enum JSONLimits {
    /// How deep arrays and objects may lie in each other; the outermost has depth 1.
    public static let depth = 64
    /// How many values one text may hold, the outermost and all containers included.
    public static let valueCount = 100_000
    /// How many bytes the name of a member may have after unescaping.
    public static let nameBytes = 65_536
}
