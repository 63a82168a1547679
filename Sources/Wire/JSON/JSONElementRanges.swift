/// The elements of an array in a text that has been validated, as ranges, in the order in which they stand.
///
/// What `JSONMemberRanges` is for objects. Of a text that is not valid it gives some ranges within the text, and ends.
/// Allocates nothing; linear time.
public struct JSONElementRanges: Sequence, IteratorProtocol {
    private let scanner: JSONScanner
    private var offset: Int

    /// The elements of the array at `array` of `bytes`, which must outlive this; none if it is something else.
    public init(of array: ByteRange, in bytes: ByteView) {
        scanner = JSONScanner(bytes.slice(from: 0, to: array.end))
        let start = Int(array.start)
        offset = scanner.byte(start) == UInt8(ascii: "[") ? scanner.skipSpace(start &+ 1) : bytes.count
    }

    /// The next element.
    public mutating func next() -> JSONValueRange? {
        let start = offset
        guard let kind = JSONKind(firstByte: scanner.byte(start)), let end = scanner.endOfValue(start) else {
            return nil
        }
        offset = scanner.skipSpace(end)
        if scanner.byte(offset) == UInt8(ascii: ",") { offset = scanner.skipSpace(offset &+ 1) }
        return JSONValueRange(kind: kind, range: ByteRange(from: start, to: end))
    }
}
