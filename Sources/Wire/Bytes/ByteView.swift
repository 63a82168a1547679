#if canImport(Glibc)
    public import Glibc
#elseif canImport(Musl)
    public import Musl
#elseif canImport(Darwin)
    public import Darwin
#endif

/// Bytes of a peer, read without a trap and without a copy.
///
/// Parsers of hostile input read through this view: an offset outside of the bytes reads as 0, which no grammar of ours
/// accepts, so a mistake in a parser becomes a refused message and never an access outside of the buffer or the end of
/// the process. Like `UnsafeRawBufferPointer`, a view does not own its memory: it must not outlive the closure or
/// borrow that gave it.
@frozen
public struct ByteView {
    /// The first byte. An empty view may have no memory behind it: then this is never followed.
    @usableFromInline let base: UnsafeRawPointer
    /// The number of bytes.
    public let count: Int

    /// A view of the bytes of `buffer`.
    @inlinable
    public init(_ buffer: UnsafeRawBufferPointer) {
        // Not an optional, which every single byte would have to be asked about.
        self.base = buffer.baseAddress ?? UnsafeRawPointer(bitPattern: 8).unsafelyUnwrapped
        self.count = buffer.baseAddress == nil ? 0 : buffer.count
    }

    @inlinable
    init(base: UnsafeRawPointer, count: Int) {
        self.base = base
        self.count = count
    }

    /// The byte at `offset`, or 0 outside of the view.
    @inlinable
    public subscript(offset: Int) -> UInt8 {
        guard UInt(bitPattern: offset) < UInt(bitPattern: count) else { return 0 }
        return base.load(fromByteOffset: offset, as: UInt8.self)
    }

    /// The eight bytes at `offset`, the first in the lowest bits, or `nil` when fewer are left.
    @inlinable
    public func word(at offset: Int) -> UInt64? {
        guard offset >= 0, offset <= count &- 8 else { return nil }
        return UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The bytes of `range`, cut to the view.
    @inlinable
    public subscript(range: ByteRange) -> ByteView {
        slice(from: Int(range.start), to: range.end)
    }

    /// The bytes from `start` up to `end`, cut to the view.
    @inlinable
    public func slice(from start: Int, to end: Int) -> ByteView {
        let lower = Swift.min(Swift.max(start, 0), count)
        let upper = Swift.min(Swift.max(end, lower), count)
        return ByteView(base: base + lower, count: upper &- lower)
    }

    /// The same bytes as an unsafe buffer, for writing them elsewhere at once.
    @inlinable public var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// Whether the bytes are exactly those of `text`.
    @inlinable
    public func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return equals(ByteView(base: UnsafeRawPointer(text.utf8Start), count: count))
    }

    /// Whether the bytes are those of `text`, which is given in lower case, when ASCII case is ignored.
    @inlinable
    public func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for offset in 0..<count where self[offset].asciiLowercased != text.utf8Start[offset] { return false }
        return true
    }

    /// Whether both views hold the same bytes.
    @inlinable
    public func equals(_ other: ByteView) -> Bool {
        guard count == other.count else { return false }
        return count == 0 || memcmp(base, other.base, count) == 0
    }

    /// The bytes as text, invalid UTF-8 replaced; for logs and tests, never for comparison.
    public var string: String { String(decoding: raw, as: UTF8.self) }

    /// A copy of the bytes.
    public var bytes: [UInt8] { [UInt8](raw) }
}

@available(*, unavailable)
extension ByteView: Sendable {}

extension UInt8 {
    /// The same byte with `A`…`Z` as `a`…`z`.
    @inlinable var asciiLowercased: UInt8 {
        self &- 0x41 < 26 ? self | 0x20 : self
    }
}
