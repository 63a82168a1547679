public import NIOCore

/// A reply of a Redis server, a push, or a part of one (RESP2 and RESP3).
///
/// Strings share the memory that they were read into: keep a copy of a small one that is kept for long.
public enum RESPValue: Hashable, Sendable {
    /// A line of text, such as `OK`.
    case simpleString(ByteBuffer)
    /// Bytes of any kind.
    case bulkString(ByteBuffer)
    /// A text that says how it is meant to be shown; what it says of that is left out.
    case verbatimString(ByteBuffer)
    /// An error, simple or bulk: a word in capitals, a space, and a sentence.
    case error(ByteBuffer)
    /// An integer.
    case integer(Int64)
    /// A floating-point number, which may be infinite or not a number.
    case double(Double)
    /// An integer of any size: its decimal digits, perhaps behind a sign.
    case bigNumber(ByteBuffer)
    /// True or false.
    case boolean(Bool)
    /// Nothing, in any of its three spellings.
    case null
    /// Values in order.
    case array([RESPValue])
    /// Names and values by turns.
    case map([RESPValue])
    /// Values in no order.
    case set([RESPValue])
    /// Values that nobody has asked for; only at the outermost level, and never empty.
    case push([RESPValue])

    /// The bytes of a string of any kind.
    @inlinable public var string: ByteBuffer? {
        switch self {
        case .simpleString(let bytes), .bulkString(let bytes), .verbatimString(let bytes): bytes
        case .error, .integer, .double, .bigNumber, .boolean, .null, .array, .map, .set, .push: nil
        }
    }

    /// The value of an integer.
    @inlinable public var integer: Int64? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    /// The values in an aggregate of any kind; names and values by turns in a map.
    @inlinable public var elements: [RESPValue]? {
        switch self {
        case .array(let elements), .map(let elements), .set(let elements), .push(let elements): elements
        case .simpleString, .bulkString, .verbatimString, .error, .integer, .double, .bigNumber, .boolean, .null: nil
        }
    }

    /// Whether this is `null`.
    @inlinable public var isNull: Bool {
        guard case .null = self else { return false }
        return true
    }

    /// The value of the member `name` of a map, or of an array that RESP2 has in its place.
    public subscript(name: StaticString) -> RESPValue? {
        guard let elements else { return nil }
        var index = 0
        while index &+ 1 < elements.count {
            if let text = elements[index].string, text.withByteView({ $0.equals(name) }) { return elements[index &+ 1] }
            index &+= 2
        }
        return nil
    }
}
