/// Goes through the sequences of one LZ4 block.
///
/// Nothing is read or written before it is known to lie within the block or the output: `input` and `position` never go
/// beyond their ends. Short copies move whole words where there is room for them; what they write too much lies within
/// the output and is written again, or the block is refused.
struct LZ4Reader {
    private let block: UnsafeRawPointer
    private let blockCount: Int
    private let output: UnsafeMutableRawPointer
    private let outputCount: Int
    /// The next byte of the block, at most `blockCount`.
    private var input = 0
    /// The next byte of the output, at most `outputCount`.
    private var position = 0

    /// A reader that has not begun; must not outlive the two.
    init(_ block: ByteView, _ output: UnsafeMutableRawBufferPointer) {
        self.block = block.base
        blockCount = block.count
        // Memory that is never touched stands for none.
        self.output = output.baseAddress ?? UnsafeMutableRawPointer(bitPattern: 8).unsafelyUnwrapped
        outputCount = output.baseAddress == nil ? 0 : output.count
    }

    /// Reads the whole block.
    mutating func read() throws(LZ4Error) {
        while true {
            guard input < blockCount else { throw .truncated }
            let token = nextByte()
            try copyLiterals(try length(token >> 4))
            if input == blockCount {
                guard position == outputCount else { throw .length }
                return
            }
            guard blockCount &- input >= 2 else { throw .truncated }
            let offset = nextByte() | nextByte() &<< 8
            try copyMatch(offset, try length(token & 15) &+ LZ4Block.minimumMatch)
        }
    }

    /// The byte at `input`, which is within the block.
    private mutating func nextByte() -> Int {
        defer { input &+= 1 }
        return Int(block.load(fromByteOffset: input, as: UInt8.self))
    }

    /// The length that begins with `nibble`; at most 255 times the length of the block, so that no sum overflows.
    private mutating func length(_ nibble: Int) throws(LZ4Error) -> Int {
        guard nibble == 15 else { return nibble }
        var length = nibble
        while input < blockCount {
            let byte = nextByte()
            length &+= byte
            if byte != 255 { return length }
        }
        throw .truncated
    }

    private mutating func copyLiterals(_ count: Int) throws(LZ4Error) {
        let inputLeft = blockCount &- input
        let outputLeft = outputCount &- position
        guard count <= inputLeft else { throw .truncated }
        guard count <= outputLeft else { throw .length }
        let from = block + input
        let to = output + position
        if count <= 16, inputLeft >= 16, outputLeft >= 16 {
            to.copyWord(from)
            (to + 8).copyWord(from + 8)
        } else {
            to.copyMemory(from: from, byteCount: count)
        }
        input &+= count
        position &+= count
    }

    private mutating func copyMatch(_ offset: Int, _ count: Int) throws(LZ4Error) {
        guard offset > 0, offset <= position else { throw .offset }
        let left = outputCount &- position
        guard count <= left else { throw .length }
        let to = output + position
        let from = UnsafeRawPointer(to - offset)
        if offset >= 8, left &- count >= 8 {
            // Each word is whole before it is read: it ends where writing goes on, or earlier.
            var done = 0
            repeat {
                (to + done).copyWord(from + done)
                done &+= 8
            } while done < count
        } else {
            // A match may read what it writes: what there is of it doubles with each step.
            var done = 0
            while done < count {
                let step = min(offset &+ done, count &- done)
                (to + done).copyMemory(from: from, byteCount: step)
                done &+= step
            }
        }
        position &+= count
    }
}

extension UnsafeMutableRawPointer {
    /// Copies eight bytes.
    fileprivate func copyWord(_ source: UnsafeRawPointer) {
        storeBytes(of: source.loadUnaligned(as: UInt64.self), as: UInt64.self)
    }
}
