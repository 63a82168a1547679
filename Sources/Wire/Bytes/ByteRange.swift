/// A half-open range of byte offsets within one message, in eight bytes.
///
/// Offsets count from the first byte of whatever was parsed (a head, a body, an event), so a range stays valid when
/// the buffer that holds the message moves. Messages are bounded far below 4 GiB by the limits of the readers.
@frozen
public struct ByteRange: Hashable, Sendable {
    /// The offset of the first byte.
    public var start: UInt32
    /// The number of bytes.
    public var length: UInt32

    /// The range of `length` bytes at `start`. Values outside of 0…2³²−1 are clamped.
    @inlinable
    public init(start: Int, length: Int) {
        self.start = UInt32(clamping: start)
        self.length = UInt32(clamping: length)
    }

    /// The range from `start` up to, not including, `end`.
    @inlinable
    public init(from start: Int, to end: Int) {
        self.init(start: start, length: end &- start)
    }

    /// No bytes at offset 0: the value of "absent" where an optional would cost a word.
    public static var none: ByteRange { ByteRange(start: 0, length: 0) }

    /// The offset behind the last byte.
    @inlinable public var end: Int { Int(start) &+ Int(length) }
    /// The number of bytes as `Int`.
    @inlinable public var count: Int { Int(length) }
    /// Whether the range holds no bytes.
    @inlinable public var isEmpty: Bool { length == 0 }
    /// The same range as Swift's own type.
    @inlinable public var range: Range<Int> { Int(start)..<end }

    /// The same bytes, seen from a message that begins `distance` bytes earlier.
    @inlinable
    public func shifted(by distance: Int) -> ByteRange {
        ByteRange(start: Int(start) &+ distance, length: count)
    }
}
