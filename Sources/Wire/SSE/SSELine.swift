/// One line of an event stream that is not blank: which field it sets, and to what.
struct SSELine {
    /// The fields of WHATWG HTML §9.2.6; comments and unknown names are `other`.
    enum Field {
        case data, event, id, retry, other
    }

    /// The bytes EF BB BF, which a stream may begin with.
    static let byteOrderMarkByteCount = 3

    let field: Field
    /// What follows the colon and one optional space; empty when there is no colon.
    let value: ByteRange

    /// Reads the line from `start` up to, not including, its line end at `end`.
    init(_ bytes: ByteView, from start: Int, to end: Int) {
        let line = bytes.slice(from: start, to: end)
        field = SSELine.recognize(line)
        var valueStart = start &+ SSELine.nameByteCount(field)
        if valueStart < end { valueStart &+= bytes[valueStart &+ 1] == 0x20 && valueStart &+ 1 < end ? 2 : 1 }
        value = ByteRange(from: valueStart, to: end)
    }

    private static func recognize(_ line: ByteView) -> Field {
        switch line[0] {
        case UInt8(ascii: "d") where isNamed(line, "data"): .data
        case UInt8(ascii: "e") where isNamed(line, "event"): .event
        case UInt8(ascii: "i") where isNamed(line, "id"): .id
        case UInt8(ascii: "r") where isNamed(line, "retry"): .retry
        default: .other
        }
    }

    private static func isNamed(_ line: ByteView, _ name: StaticString) -> Bool {
        let count = name.utf8CodeUnitCount
        guard line.count == count || line[count] == UInt8(ascii: ":") else { return false }
        return line.slice(from: 0, to: count).equals(name)
    }

    private static func nameByteCount(_ field: Field) -> Int {
        switch field {
        case .data: 4
        case .event, .retry: 5
        case .id: 2
        case .other: 0
        }
    }
}

extension ByteView {
    /// The offset of the first CR or LF at or after `start`, or `count`. Eight bytes at a time, of which JSON, having no
    /// controls, gives nothing to look at twice.
    func firstLineEnd(from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let high: UInt64 = 0x8080_8080_8080_8080
        var offset = start
        while let word = word(at: offset) {
            // Not 0 if a byte is below 0x0E.
            if (word &- ones &* 0x0E) & ~word & high != 0 {
                let lineFeeds = word ^ (ones &* 0x0A)
                let carriageReturns = word ^ (ones &* 0x0D)
                let hit =
                    ((lineFeeds &- ones) & ~lineFeeds | (carriageReturns &- ones) & ~carriageReturns) & high
                // The lowest hit is exact; higher ones may be artefacts of the borrow.
                if hit != 0 { return offset &+ hit.trailingZeroBitCount &>> 3 }
            }
            offset &+= 8
        }
        while offset < count {
            if self[offset] == 0x0A || self[offset] == 0x0D { return offset }
            offset &+= 1
        }
        return count
    }
}
