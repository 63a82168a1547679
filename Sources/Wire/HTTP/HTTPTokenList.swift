/// The elements of a comma-separated field value, one after another, empty ones skipped (RFC 9110 §5.6.1).
public struct HTTPTokenList {
    private let bytes: ByteView
    private var offset = 0

    /// The elements of `bytes`, each without the white space around it.
    public init(_ bytes: ByteView) {
        self.bytes = bytes
    }

    /// The next element, with its parameters if it has any.
    public mutating func next() -> ByteView? {
        while offset < bytes.count {
            var lower = offset
            while offset < bytes.count, bytes[offset] != UInt8(ascii: ",") { offset &+= 1 }
            var upper = offset
            offset &+= 1
            while lower < upper, bytes[lower] == 0x20 || bytes[lower] == 0x09 { lower &+= 1 }
            while upper > lower, bytes[upper &- 1] == 0x20 || bytes[upper &- 1] == 0x09 { upper &-= 1 }
            if upper > lower { return bytes.slice(from: lower, to: upper) }
        }
        return nil
    }
}

extension ByteView {
    /// The part in front of the first `;`, without trailing white space: a media type without its parameters.
    public var withoutParameters: ByteView {
        var end = 0
        while end < count, self[end] != UInt8(ascii: ";") { end &+= 1 }
        while end > 0, self[end &- 1] == 0x20 || self[end &- 1] == 0x09 { end &-= 1 }
        return slice(from: 0, to: end)
    }
}
