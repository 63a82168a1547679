/// One value as the scanner found it: what it is, and where it stands.
public struct JSONValueRange: Hashable, Sendable {
    /// What the value is.
    public var kind: JSONKind
    /// The whole value, quotes and braces included.
    public var range: ByteRange

    /// The value of `kind` at `range` in a text that was scanned.
    @inlinable
    public init(kind: JSONKind, range: ByteRange) {
        self.kind = kind
        self.range = range
    }
}
