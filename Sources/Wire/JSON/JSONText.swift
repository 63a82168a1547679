/// A JSON string where it stands: a range of validated bytes, not yet unescaped.
///
/// Strings compare by their UTF-8 bytes after unescaping, never by what Swift's `String` takes for equal: `"é"` in one
/// and in two code points are different names.
public struct JSONText: Hashable, Sendable {
    /// The bytes between the quotes.
    public var range: ByteRange
    /// Whether the bytes have escapes, so that they are not yet the text itself.
    public var isEscaped: Bool

    /// The string between the quotes at `range`, which the scanner has accepted.
    @inlinable
    public init(range: ByteRange, isEscaped: Bool) {
        self.range = range
        self.isEscaped = isEscaped
    }

    /// Whether the text is `text`; `bytes` are those that were scanned.
    public func equals(_ text: StaticString, in bytes: ByteView) -> Bool {
        equals(
            ByteView(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)), in: bytes)
    }

    /// Whether the text's bytes are exactly `other`, which is not escaped; `bytes` are those that were scanned.
    public func equals(_ other: ByteView, in bytes: ByteView) -> Bool {
        guard isEscaped else { return bytes[range].equals(other) }
        var unescaper = JSONUnescaper(bytes[range])
        var offset = 0
        while let byte = unescaper.next() {
            guard offset < other.count, other[offset] == byte else { return false }
            offset &+= 1
        }
        return offset == other.count
    }

    /// Whether both texts are the same after unescaping.
    public func equals(_ other: JSONText, in bytes: ByteView, otherBytes: ByteView) -> Bool {
        guard other.isEscaped else { return equals(otherBytes[other.range], in: bytes) }
        guard isEscaped else { return other.equals(bytes[range], in: otherBytes) }
        var left = JSONUnescaper(bytes[range])
        var right = JSONUnescaper(otherBytes[other.range])
        while true {
            let byte = left.next()
            guard byte == right.next() else { return false }
            if byte == nil { return true }
        }
    }

    /// The text as UTF-8.
    public func unescaped(in bytes: ByteView) -> [UInt8] {
        guard isEscaped else { return bytes[range].bytes }
        var unescaper = JSONUnescaper(bytes[range])
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        while let byte = unescaper.next() { text.append(byte) }
        return text
    }
}
