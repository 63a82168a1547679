public import NIOCore

/// Cuts the replies of a Redis server out of the bytes as they arrive (RESP2 and RESP3).
///
/// ```
///        ┌── scalar, empty aggregate ──▶ value ──▶ the innermost open aggregate, or the reply
/// line ──┼── aggregate ──▶ opened, its elements are the next values
///        └── bulk ──▶ inside ──▶ value
/// ```
///
/// What has been understood is taken out of the buffer at once and kept, so a reply that arrives byte by byte costs as much
/// as one that arrives whole. Attributes are read and dropped.
public struct RESPParser: Sendable {
    /// A line's type, which its first byte tells.
    private enum Kind: UInt8 {
        case simpleString = 0x2B  // +
        case simpleError = 0x2D  // -
        case integer = 0x3A  // :
        case bulkString = 0x24  // $
        case bulkError = 0x21  // !
        case verbatimString = 0x3D  // =
        case double = 0x2C  // ,
        case bigNumber = 0x28  // (
        case boolean = 0x23  // #
        case null = 0x5F  // _
        case array = 0x2A  // *
        case map = 0x25  // %
        case set = 0x7E  // ~
        case push = 0x3E  // >
        case attribute = 0x7C  // |
    }

    /// An aggregate whose end has not come.
    private struct Aggregate {
        var kind: Kind
        var missing: Int
        var elements: [RESPValue]
    }

    /// A bulk string of which the inside is to come.
    private struct Bulk {
        var kind: Kind
        var length: Int
    }

    /// What a look at the buffer has brought.
    private enum Step {
        case value(RESPValue)
        case progress
        case needsMore
    }

    private var open: [Aggregate] = []
    private var bulk: Bulk?
    /// Where in the line that is being read to look for its end.
    private var searchStart = 0
    private var stringByteCount = 0
    private var elementCount = 0

    /// A parser for a new connection.
    public init() {}

    /// Whether nothing of the next reply has been taken out of the buffer yet.
    public var isBetweenReplies: Bool { open.isEmpty && bulk == nil && elementCount == 0 }

    /// The next whole reply or push, or `nil` when more bytes are needed.
    ///
    /// Takes bytes from the front of `buffer`, to whose end the caller appends. After an error the connection cannot be read
    /// further.
    public mutating func next(in buffer: inout ByteBuffer) throws(RESPError) -> RESPValue? {
        while true {
            switch try step(in: &buffer) {
            case .needsMore: return nil
            case .progress: continue
            case .value(let value):
                guard let reply = close(with: value) else { continue }
                stringByteCount = 0
                elementCount = 0
                return reply
            }
        }
    }

    /// Gives `value` to the innermost aggregate, and those that it completes to the ones around them; the reply, if that
    /// leaves none open.
    private mutating func close(with value: RESPValue) -> RESPValue? {
        var value = value
        while let last = open.indices.last {
            if open[last].kind != .attribute { open[last].elements.append(value) }
            open[last].missing &-= 1
            guard open[last].missing == 0 else { return nil }
            let whole = open.removeLast()
            // The value to which an attribute belongs comes behind it.
            guard let result = RESPParser.value(whole.kind, whole.elements) else { return nil }
            value = result
        }
        return value
    }

    private mutating func step(in buffer: inout ByteBuffer) throws(RESPError) -> Step {
        if let bulk { return try inside(of: bulk, &buffer) }
        let isFirst = open.isEmpty
        let start = searchStart
        let line = try buffer.withByteView { bytes throws(RESPError) in
            try RESPParser.line(bytes, searchStart: start, isFirst: isFirst)
        }
        guard let line else {
            searchStart = buffer.readableBytes
            return .needsMore
        }
        searchStart = 0
        switch line.kind {
        case .simpleString, .simpleError, .bigNumber:
            buffer.moveReaderIndex(forwardBy: 1)
            guard let text = buffer.readSlice(length: line.length) else { throw .malformed }
            buffer.moveReaderIndex(forwardBy: 2)
            switch line.kind {
            case .simpleError: return .value(.error(text))
            case .bigNumber: return .value(.bigNumber(text))
            default: return .value(.simpleString(text))
            }
        case .integer:
            buffer.moveReaderIndex(forwardBy: line.length &+ 3)
            return .value(.integer(line.number))
        case .double, .boolean, .null:
            let value = try buffer.withByteView { bytes throws(RESPError) in
                try RESPParser.scalar(line.kind, bytes.slice(from: 1, to: line.length &+ 1))
            }
            buffer.moveReaderIndex(forwardBy: line.length &+ 3)
            return .value(value)
        case .bulkString, .bulkError, .verbatimString:
            buffer.moveReaderIndex(forwardBy: line.length &+ 3)
            guard line.number >= 0 else { return .value(.null) }
            let length = Int(clamping: line.number)
            guard length <= RESPLimits.stringBytes &- stringByteCount else { throw .tooLong }
            stringByteCount &+= length
            let bulk = Bulk(kind: line.kind, length: length)
            self.bulk = bulk
            return try inside(of: bulk, &buffer)
        case .array, .map, .set, .push, .attribute:
            buffer.moveReaderIndex(forwardBy: line.length &+ 3)
            guard line.number >= 0 else { return .value(.null) }
            return try begin(line.kind, count: Int(clamping: line.number))
        }
    }

    private mutating func begin(_ kind: Kind, count: Int) throws(RESPError) -> Step {
        guard open.count < RESPLimits.depth else { throw .tooDeep }
        // The aggregate itself counts too: else a server could send empty attributes for ever.
        guard count < RESPLimits.elementCount else { throw .tooManyElements }
        let count = kind == .map || kind == .attribute ? count &* 2 : count
        guard count < RESPLimits.elementCount &- elementCount else { throw .tooManyElements }
        elementCount &+= count &+ 1
        guard count > 0 else {
            guard kind != .push else { throw .malformed }
            return RESPParser.value(kind, []).map { .value($0) } ?? .progress
        }
        var elements: [RESPValue] = []
        // Not what the server says that will come: memory is for what has come.
        if kind != .attribute { elements.reserveCapacity(min(count, 64)) }
        open.append(Aggregate(kind: kind, missing: count, elements: elements))
        return .progress
    }

    private mutating func inside(of bulk: Bulk, _ buffer: inout ByteBuffer) throws(RESPError) -> Step {
        guard buffer.readableBytes >= bulk.length &+ 2 else { return .needsMore }
        self.bulk = nil
        guard var text = buffer.readSlice(length: bulk.length), buffer.readInteger(as: UInt16.self) == 0x0D0A else {
            throw .malformed
        }
        switch bulk.kind {
        case .bulkError: return .value(.error(text))
        case .verbatimString:
            // Three letters and a colon say how the text is to be shown.
            guard text.getInteger(at: text.readerIndex &+ 3, as: UInt8.self) == UInt8(ascii: ":") else {
                throw .malformed
            }
            text.moveReaderIndex(forwardBy: 4)
            return .value(.verbatimString(text))
        default: return .value(.bulkString(text))
        }
    }

    /// The value of an aggregate; `nil` for an attribute.
    private static func value(_ kind: Kind, _ elements: [RESPValue]) -> RESPValue? {
        switch kind {
        case .map: .map(elements)
        case .set: .set(elements)
        case .push: .push(elements)
        case .attribute: nil
        default: .array(elements)
        }
    }
}

// MARK: Lines

extension RESPParser {
    /// A line without its type and its end.
    private struct Line {
        var kind: Kind
        var length: Int
        /// The number that the line holds, if it is of a kind that holds one. -1 is the null of RESP2.
        var number: Int64 = 0
    }

    /// The line at the front of `bytes`, in which no end was found before `searchStart`; `nil` if its end has not come.
    private static func line(
        _ bytes: ByteView, searchStart: Int, isFirst: Bool
    ) throws(RESPError) -> Line? {
        guard bytes.count > 0 else { return nil }
        guard let kind = Kind(rawValue: bytes[0]), isFirst || kind != .push else { throw .malformed }
        // The LF may not have come with its CR, at which the search then goes on.
        let end = bytes.firstLineEnd(from: max(searchStart &- 1, 1))
        guard end <= RESPLimits.lineBytes else { throw .tooLong }
        guard end < bytes.count else { return nil }
        guard bytes[end] == 0x0D else { throw .malformed }
        guard end &+ 1 < bytes.count else { return nil }
        guard bytes[end &+ 1] == 0x0A else { throw .malformed }
        var line = Line(kind: kind, length: end &- 1)
        let text = bytes.slice(from: 1, to: end)
        switch kind {
        case .simpleString, .simpleError, .double, .boolean, .null: break
        case .bigNumber:
            guard isInteger(text) else { throw .malformed }
        case .integer:
            guard let number = integer(text) else { throw .malformed }
            line.number = number
        case .bulkString, .array:
            guard let number = text.equals("-1") ? -1 : length(text) else { throw .malformed }
            line.number = number
        case .bulkError, .verbatimString, .map, .set, .push, .attribute:
            guard let number = length(text) else { throw .malformed }
            line.number = number
        }
        return line
    }

    private static func scalar(_ kind: Kind, _ text: ByteView) throws(RESPError) -> RESPValue {
        switch kind {
        case .boolean where text.equals("t"): return .boolean(true)
        case .boolean where text.equals("f"): return .boolean(false)
        case .null where text.count == 0: return .null
        case .double:
            guard let value = double(text) else { throw .malformed }
            return .double(value)
        default: throw .malformed
        }
    }

    /// Digits behind an optional sign, in 64 bits.
    private static func integer(_ text: ByteView) -> Int64? {
        let hasSign = text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+")
        let isNegative = text[0] == UInt8(ascii: "-")
        var offset = hasSign ? 1 : 0
        guard offset < text.count, text.count <= 20 else { return nil }
        var value: Int64 = 0
        while offset < text.count {
            let digit = Int64(text[offset] &- 0x30)
            guard digit < 10 else { return nil }
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, carries) =
                isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            guard !overflows, !carries else { return nil }
            value = sum
            offset &+= 1
        }
        return value
    }

    /// Digits without a sign.
    private static func length(_ text: ByteView) -> Int64? {
        HTTPCharacters.isDigit(text[0]) ? integer(text) : nil
    }

    private static func isInteger(_ text: ByteView) -> Bool {
        let start = text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+") ? 1 : 0
        guard start < text.count else { return false }
        for offset in start..<text.count where !HTTPCharacters.isDigit(text[offset]) { return false }
        return true
    }

    private static func double(_ text: ByteView) -> Double? {
        if text.equals("inf") || text.equals("+inf") { return .infinity }
        if text.equals("-inf") { return -.infinity }
        // Some C libraries spell it with a sign.
        if text.equals("nan") || text.equals("-nan") { return .nan }
        // Swift would take more than the protocol does: other bases, names.
        guard text.count <= 1_024 else { return nil }
        for offset in 0..<text.count {
            switch text[offset] {
            case 0x30...0x39, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "e"),
                UInt8(ascii: "E"):
                continue
            default: return nil
            }
        }
        return Double(text.string)
    }
}
