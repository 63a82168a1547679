/// The members of an object in a text that has been validated, as ranges, in the order in which they stand.
///
/// For the few members that no visitor takes note of on its way through a message. Of a text that is not valid it gives
/// some ranges within the text, and ends. Allocates nothing; linear time.
public struct JSONMemberRanges: Sequence, IteratorProtocol {
    /// One member.
    public struct Member: Hashable, Sendable {
        /// The name.
        public var name: JSONText
        /// The value.
        public var value: JSONValueRange

        /// The member from the first quote of its name to the end of its value.
        public var range: ByteRange { ByteRange(from: Int(name.range.start) &- 1, to: value.range.end) }
    }

    private let scanner: JSONScanner
    private var offset: Int

    /// The members of the object at `object` of `bytes`, which must outlive this; none if it is something else.
    public init(of object: ByteRange, in bytes: ByteView) {
        scanner = JSONScanner(bytes.slice(from: 0, to: object.end))
        let start = Int(object.start)
        offset = scanner.byte(start) == UInt8(ascii: "{") ? scanner.skipSpace(start &+ 1) : bytes.count
    }

    /// The next member.
    public mutating func next() -> Member? {
        guard scanner.byte(offset) == UInt8(ascii: "\"") else { return nil }
        let nameStart = offset &+ 1
        guard let (nameEnd, isEscaped) = try? scanner.string(nameStart) else { return nil }
        let colon = scanner.skipSpace(nameEnd &+ 1)
        let start = scanner.skipSpace(colon &+ 1)
        guard scanner.byte(colon) == UInt8(ascii: ":"), let kind = JSONKind(firstByte: scanner.byte(start)),
            let end = scanner.endOfValue(start)
        else { return nil }
        offset = scanner.skipSpace(end)
        if scanner.byte(offset) == UInt8(ascii: ",") { offset = scanner.skipSpace(offset &+ 1) }
        return Member(
            name: JSONText(range: ByteRange(from: nameStart, to: nameEnd), isEscaped: isEscaped),
            value: JSONValueRange(kind: kind, range: ByteRange(from: start, to: end)))
    }

    /// The value of the first member `name`.
    public static func value(of name: StaticString, in object: ByteRange, _ bytes: ByteView) -> JSONValueRange? {
        var members = JSONMemberRanges(of: object, in: bytes)
        while let member = members.next() { if member.name.equals(name, in: bytes) { return member.value } }
        return nil
    }
}
