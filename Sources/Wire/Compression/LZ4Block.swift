public import NIOCore

/// The LZ4 block format (`doc/lz4_Block_format.md` of the lz4 project, 2022-07-31), and how a block is read.
///
/// ```
/// block    = *(sequence with match) sequence without match
/// sequence = token, more of the literals' length, literals, [ offset, more of the match's length ]
/// token    = four bits: count of literals, four bits: length of the match less 4
/// ```
///
/// 15 in the token means that bytes follow which are added up to and with the first that is not 255. An offset is two
/// bytes, the low one first, and counts back from where the match is to be written. A block tells neither its length nor
/// that of what it stands for: both are kept elsewhere.
public enum LZ4Block {
    /// The shortest match.
    static let minimumMatch = 4
    /// A match must begin this many bytes before the end of what is compressed, or earlier.
    static let lastMatchDistance = 12
    /// So many bytes at the end are never part of a match.
    static let lastLiteralCount = 5
    /// The farthest that a match can be away.
    static let maximumOffset = 65_535
    /// No byte of a block stands for more bytes than this.
    static let maximumRatio = 255
    /// The longest input of the compressor and output of the decompressor: 1 GiB less one byte, so that no sum overflows.
    public static let maximumCount = 1 << 30 - 1

    /// The `count` bytes that `block` stands for.
    ///
    /// Takes any block of that length, also one that ends with fewer literals than a compressor must leave there. Reads
    /// and writes nothing outside of the block and the result, whatever the block is. Asks for the memory only if the
    /// block is long enough to stand for so many bytes.
    public static func decompress(_ block: ByteView, count: Int) throws(LZ4Error) -> ByteBuffer {
        guard count >= 0, count <= maximumCount, count <= block.count.multipliedClamping(by: maximumRatio) else {
            throw .length
        }
        var buffer = ByteBufferAllocator().buffer(capacity: count)
        var failure: LZ4Error?
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { output in
            do throws(LZ4Error) {
                try decompress(block, into: UnsafeMutableRawBufferPointer(rebasing: output[..<count]))
                return count
            } catch {
                // What has been written stays behind the end of the buffer.
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        return buffer
    }

    /// Fills `output` with the bytes that `block` stands for, which must be as many.
    ///
    /// When it throws, any part of `output` may have been written.
    public static func decompress(_ block: ByteView, into output: UnsafeMutableRawBufferPointer) throws(LZ4Error) {
        var reader = LZ4Reader(block, output)
        try reader.read()
    }
}

extension Int {
    fileprivate func multipliedClamping(by factor: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
