/// Writes the sequences of an LZ4 block into memory that may be too short for them.
struct LZ4Writer {
    private let output: UnsafeMutableRawBufferPointer
    /// How many bytes have been written.
    private(set) var count = 0

    /// A writer that has not begun; must not outlive `output`.
    init(_ output: UnsafeMutableRawBufferPointer) {
        self.output = output
    }

    /// Writes a sequence with a match of at least four bytes; `false` if there is no room for it, then nothing is written.
    mutating func write(literals: ByteView, offset: Int, match: Int) -> Bool {
        let match = match &- LZ4Block.minimumMatch
        guard hasRoom(1 &+ Self.moreCount(literals.count) &+ literals.count &+ 2 &+ Self.moreCount(match)) else {
            return false
        }
        append(min(literals.count, 15) &<< 4 | min(match, 15))
        append(more: literals.count)
        append(literals)
        append(offset)
        append(offset &>> 8)
        append(more: match)
        return true
    }

    /// Writes the last sequence, which has no match; `false` if there is no room for it, then nothing is written.
    mutating func write(literals: ByteView) -> Bool {
        guard hasRoom(1 &+ Self.moreCount(literals.count) &+ literals.count) else { return false }
        append(min(literals.count, 15) &<< 4)
        append(more: literals.count)
        append(literals)
        return true
    }

    /// How many bytes a length takes beside the token.
    private static func moreCount(_ length: Int) -> Int { length < 15 ? 0 : (length &- 15) / 255 &+ 1 }

    private func hasRoom(_ count: Int) -> Bool { count <= output.count &- self.count }

    private mutating func append(more length: Int) {
        guard length >= 15 else { return }
        var rest = length &- 15
        while rest >= 255 {
            append(255)
            rest &-= 255
        }
        append(rest)
    }

    private mutating func append(_ byte: Int) {
        output[count] = UInt8(truncatingIfNeeded: byte)
        count &+= 1
    }

    private mutating func append(_ bytes: ByteView) {
        guard bytes.count > 0 else { return }
        UnsafeMutableRawBufferPointer(rebasing: output[count...]).copyMemory(from: bytes.raw)
        count &+= bytes.count
    }
}
