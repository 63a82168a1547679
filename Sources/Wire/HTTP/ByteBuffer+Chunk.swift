public import NIOCore

extension ByteBuffer {
    /// Appends `data` as one chunk (RFC 9112 §7.1); `data` must not be empty.
    public mutating func writeChunk(_ data: ByteBuffer) {
        writeHexadecimal(data.readableBytes)
        writeStaticString("\r\n")
        writeImmutableBuffer(data)
        writeStaticString("\r\n")
    }

    private mutating func writeHexadecimal(_ value: Int) {
        var shift = (Int.bitWidth - max(value, 1).leadingZeroBitCount + 3) / 4 * 4
        while shift > 0 {
            shift -= 4
            let digit = UInt8(truncatingIfNeeded: value >> shift) & 15
            writeInteger(digit < 10 ? digit + 0x30 : digit + 0x57)
        }
    }
}
