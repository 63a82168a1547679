/// Compresses into LZ4 blocks, quickly rather than well: each match is the first that is found.
///
/// The last place where five bytes like those at hand stood is remembered in a table of 4,096 places; if it is at most
/// 65,535 bytes away and the same four bytes stand there, they are a match, which grows in both directions. Where matches
/// are rare, more and more bytes are passed by without a look. The table is the only memory beside the output, it is
/// made by the first call and used again by the following ones: keep one compressor per event loop.
public struct LZ4Compressor: Sendable {
    private static let tableBits = 12
    /// How many bytes without a match it takes to look at every second one only, then at every third; as a power of two.
    private static let patienceBits = 6
    /// 2⁶⁴ divided by the golden ratio: a product with it has in its upper bits something of all bits (Knuth, The Art of
    /// Computer Programming, 6.4).
    private static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// Where something stood last, by the hash of its first five bytes.
    private var table: [UInt32] = []

    /// A compressor without memory yet.
    public init() {}

    /// Appends a block that stands for `input` to `output` if it takes at most `limit` bytes, and says whether it did.
    ///
    /// A block of nothing has one byte; nothing that has more than `LZ4Block.maximumCount` bytes is compressed. The cost is
    /// that of clearing 16 KiB and of going once through the input, or until the limit is reached.
    public mutating func compress(_ input: ByteView, limit: Int, into output: inout [UInt8]) -> Bool {
        guard input.count <= LZ4Block.maximumCount, limit > 0 else { return false }
        let start = output.count
        // A block that is longer than its input can have been is not longer for more room.
        let room = min(limit, input.count &+ input.count / LZ4Block.maximumRatio &+ 16)
        output.append(contentsOf: repeatElement(0, count: room))
        let end = output.withUnsafeMutableBytes { bytes in
            compress(input, LZ4Writer(UnsafeMutableRawBufferPointer(rebasing: bytes[start...])))
        }
        output.removeLast(room &- (end ?? 0))
        return end != nil
    }

    /// The length of the block; `nil` if the writer has no room for it.
    private mutating func compress(_ input: ByteView, _ writer: LZ4Writer) -> Int? {
        var writer = writer
        if table.isEmpty { table = Array(repeating: 0, count: 1 << Self.tableBits) }
        let written = table.withUnsafeMutableBufferPointer { table in
            table.update(repeating: 0)
            return Self.writeMatches(of: input, table, &writer)
        }
        guard let written, writer.write(literals: input.slice(from: written, to: input.count)) else { return nil }
        return writer.count
    }

    /// Writes all sequences with a match; how much of the input they stand for, `nil` if there was no room for them.
    private static func writeMatches(
        of input: ByteView, _ table: UnsafeMutableBufferPointer<UInt32>, _ writer: inout LZ4Writer
    ) -> Int? {
        let bytes = input.base
        // The first place is remembered by the zeros of the table, whatever stands there: that is compared anyway.
        var position = 1
        var written = 0
        // Eight bytes are read at a place, which are there: twelve are.
        let last = input.count &- LZ4Block.lastMatchDistance
        while position <= last {
            let word = bytes.word(position)
            let slot = Self.slot(word)
            var candidate = Int(table[slot])
            table[slot] = UInt32(truncatingIfNeeded: position)
            guard position &- candidate <= LZ4Block.maximumOffset,
                UInt32(truncatingIfNeeded: bytes.word(candidate)) == UInt32(truncatingIfNeeded: word)
            else {
                position &+= 1 &+ (position &- written) &>> Self.patienceBits
                continue
            }
            let end = position &+ Self.matchLength(input, position, candidate)
            while position > written, candidate > 0, bytes.byte(position &- 1) == bytes.byte(candidate &- 1) {
                position &-= 1
                candidate &-= 1
            }
            guard
                writer.write(
                    literals: input.slice(from: written, to: position), offset: position &- candidate,
                    match: end &- position)
            else { return nil }
            written = end
            // Behind the match often stands what stood behind it before: that place is found through its last bytes.
            if end &- 2 <= last { table[Self.slot(bytes.word(end &- 2))] = UInt32(truncatingIfNeeded: end &- 2) }
            position = end
        }
        return written
    }

    /// The entry of the first five bytes of `word`.
    private static func slot(_ word: UInt64) -> Int {
        Int(truncatingIfNeeded: ((word &<< 24) &* multiplier) &>> UInt64(64 &- tableBits))
    }

    /// How many bytes at `position` and at `candidate`, which is before it, are the same; at least four are. The last
    /// bytes of the input do not count.
    private static func matchLength(_ input: ByteView, _ position: Int, _ candidate: Int) -> Int {
        let bytes = input.base
        let limit = input.count &- LZ4Block.lastLiteralCount &- position
        var length = LZ4Block.minimumMatch
        while length &+ 8 <= limit {
            let difference = bytes.word(position &+ length) ^ bytes.word(candidate &+ length)
            guard difference == 0 else { return length &+ difference.trailingZeroBitCount / 8 }
            length &+= 8
        }
        while length < limit, bytes.byte(position &+ length) == bytes.byte(candidate &+ length) { length &+= 1 }
        return length
    }
}

extension UnsafeRawPointer {
    /// The eight bytes at `offset`, the first in the lowest bits; the caller knows that they are there.
    fileprivate func word(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The byte at `offset`; the caller knows that it is there.
    fileprivate func byte(_ offset: Int) -> UInt8 { load(fromByteOffset: offset, as: UInt8.self) }
}
