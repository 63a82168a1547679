import Wire

/// LZ4 blocks: what is compressed comes back, and any block fills its output or is refused.
enum LZ4Fuzzer {
    /// Bytes to compress, and a block behind two bytes which tell as how many it is read: fewer than 8,192.
    static func block(_ input: ByteView) {
        roundTrip(input)
        let count = Int(input[0] & 31) << 8 | Int(input[1])
        // Memory of exactly that size each, of which the address sanitizer knows the ends.
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: max(input.count - 2, 0), alignment: 1)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer {
            block.deallocate()
            output.deallocate()
        }
        block.copyMemory(from: input.slice(from: 2, to: input.count).raw)
        let view = ByteView(UnsafeRawBufferPointer(block))
        do throws(LZ4Error) {
            try LZ4Block.decompress(view, into: output)
            roundTrip(ByteView(UnsafeRawBufferPointer(output)))
            let copy = try? LZ4Block.decompress(view, count: count)
            precondition(
                copy?.withByteView { $0.equals(ByteView(UnsafeRawBufferPointer(output))) } == true,
                "a buffer has other bytes")
        } catch {
            precondition((try? LZ4Block.decompress(view, count: count)) == nil, "a buffer takes what memory does not")
        }
    }

    private static func roundTrip(_ bytes: ByteView) {
        var compressor = LZ4Compressor()
        var block: [UInt8] = []
        guard compressor.compress(bytes, limit: .max, into: &block) else { preconditionFailure("no block") }
        precondition(block.count <= bytes.count + bytes.count / 255 + 16, "the block is too long")
        let back = block.withUnsafeBytes { try? LZ4Block.decompress(ByteView($0), count: bytes.count) }
        precondition(back?.withByteView { $0.equals(bytes) } == true, "other bytes come back")
        var other: [UInt8] = []
        precondition(!compressor.compress(bytes, limit: block.count - 1, into: &other) && other.isEmpty, "no limit")
        precondition(compressor.compress(bytes, limit: block.count, into: &other) && other == block, "not the same")
    }
}
