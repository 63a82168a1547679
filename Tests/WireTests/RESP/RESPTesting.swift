import NIOCore
import Wire

/// Everything that comes out of a stream of replies.
struct RESPReading: Equatable {
    var values: [RESPValue] = []
    var error: RESPError?
    /// Bytes that are left when no more values come.
    var isBetweenReplies = true

    static func == (left: RESPReading, right: RESPReading) -> Bool {
        left.error == right.error && left.isBetweenReplies == right.isBetweenReplies
            && left.values.count == right.values.count
            && zip(left.values, right.values).allSatisfy { $0.isSame(as: $1) }
    }
}

/// Feeds `bytes` in pieces that end at `cuts`, taking every value that is complete.
func readRESP(_ bytes: [UInt8], cuts: [Int] = []) -> RESPReading {
    var parser = RESPParser()
    var buffer = ByteBuffer()
    var reading = RESPReading()
    var start = 0
    for end in cuts + [bytes.count] {
        buffer.writeBytes(bytes[start..<end])
        start = end
        do throws(RESPError) {
            while let value = try parser.next(in: &buffer) { reading.values.append(value) }
        } catch {
            reading.error = error
            return reading
        }
    }
    reading.isBetweenReplies = parser.isBetweenReplies && buffer.readableBytes == 0
    return reading
}

func readRESP(_ text: String) -> RESPReading { readRESP(Array(text.utf8)) }

extension RESPValue {
    /// As `==`, but not-a-number is the same as itself.
    func isSame(as other: RESPValue) -> Bool {
        switch (self, other) {
        case (.double(let left), .double(let right)): left == right || left.isNaN && right.isNaN
        case (.array(let left), .array(let right)), (.map(let left), .map(let right)),
            (.set(let left), .set(let right)), (.push(let left), .push(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
        default: self == other
        }
    }

    /// The value as a server would write it, in one of the spellings that there are.
    func encoded(_ random: inout some RandomNumberGenerator) -> [UInt8] {
        switch self {
        case .simpleString(let text): line("+", text)
        case .bulkString(let text): bulk("$", text)
        case .verbatimString(let text):
            bulk("=", ByteBuffer(string: Bool.random(using: &random) ? "txt:" : "mkd:", then: text))
        case .error(let text): Bool.random(using: &random) ? line("-", text) : bulk("!", text)
        case .integer(let value): Array(":\(value >= 0 && Bool.random(using: &random) ? "+" : "")\(value)\r\n".utf8)
        case .double(let value): Array(",\(value)\r\n".utf8)
        case .bigNumber(let digits): line("(", digits)
        case .boolean(let value): Array("#\(value ? "t" : "f")\r\n".utf8)
        case .null: Array((["_\r\n", "$-1\r\n", "*-1\r\n"].randomElement(using: &random) ?? "").utf8)
        case .array(let elements): aggregate("*", elements, elements.count, &random)
        case .map(let elements): aggregate("%", elements, elements.count / 2, &random)
        case .set(let elements): aggregate("~", elements, elements.count, &random)
        case .push(let elements): aggregate(">", elements, elements.count, &random)
        }
    }

    private func line(_ type: String, _ text: ByteBuffer) -> [UInt8] {
        Array(type.utf8) + text.readableBytesView + Array("\r\n".utf8)
    }

    private func bulk(_ type: String, _ text: ByteBuffer) -> [UInt8] {
        Array("\(type)\(text.readableBytes)\r\n".utf8) + text.readableBytesView + Array("\r\n".utf8)
    }

    private func aggregate(
        _ type: String, _ elements: [RESPValue], _ count: Int, _ random: inout some RandomNumberGenerator
    ) -> [UInt8] {
        var bytes = Array("\(type)\(count)\r\n".utf8)
        for element in elements {
            // An attribute may stand before any value, and changes nothing.
            if Int.random(in: 0..<16, using: &random) == 0 { bytes += Array("|1\r\n+ttl\r\n*2\r\n:1\r\n$-1\r\n".utf8) }
            bytes += element.encoded(&random)
        }
        return bytes
    }

    /// Any value, at most `depth` deep.
    static func random(_ random: inout some RandomNumberGenerator, depth: Int = 4, isOutermost: Bool = true)
        -> RESPValue
    {
        let kindCount = depth == 0 ? 9 : isOutermost ? 13 : 12
        switch Int.random(in: 0..<kindCount, using: &random) {
        case 0: return .simpleString(ByteBuffer(string: "OK".prefix(Int.random(in: 0...2, using: &random)).description))
        case 1: return .bulkString(.random(&random))
        case 2: return .verbatimString(.random(&random))
        case 3: return .error(ByteBuffer(string: "ERR no"))
        case 4:
            return .integer(Int64.random(in: .min ... .max, using: &random) >> Int64.random(in: 0..<64, using: &random))
        case 5:
            return .double(
                [0, -1.5, 1e300, .infinity, -.infinity, .nan, .leastNonzeroMagnitude].randomElement(using: &random) ?? 0
            )
        case 6: return .bigNumber(ByteBuffer(string: "-3492890328409238509324850943850943825024385"))
        case 7: return .boolean(Bool.random(using: &random))
        case 8: return .null
        case 9: return .array(elements(&random, depth))
        case 10: return .map(elements(&random, depth) + elements(&random, depth))
        case 11: return .set(elements(&random, depth))
        default: return .push([.bulkString(ByteBuffer(string: "message"))] + elements(&random, depth))
        }
    }

    private static func elements(_ random: inout some RandomNumberGenerator, _ depth: Int) -> [RESPValue] {
        (0..<[0, 1, 2, 4][depth % 4]).map { _ in Self.random(&random, depth: depth - 1, isOutermost: false) }
    }
}

extension ByteBuffer {
    init(string: String, then other: ByteBuffer) {
        self.init(string: string)
        writeImmutableBuffer(other)
    }

    /// Bytes among which are those that matter to a parser.
    fileprivate static func random(_ random: inout some RandomNumberGenerator) -> ByteBuffer {
        ByteBuffer(
            bytes: (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                Array("\r\n$*:ab\u{0}".utf8).randomElement(using: &random) ?? 0
            })
    }
}
