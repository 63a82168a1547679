import NIOCore

/// Cuts lines out of bytes that arrive in any pieces. A line that is too long is told of once and thrown away.
struct LineReader {
    /// What has been found.
    enum Line {
        /// A line without its end.
        case line(ByteBuffer)
        /// A line that had more bytes than allowed.
        case tooLong
    }

    private let limit: Int
    private var buffer = ByteBuffer()
    /// Bytes behind the reader index in which there is no line end.
    private var searched = 0
    private var isDiscarding = false

    /// A reader of lines of at most `limit` bytes.
    init(limit: Int) {
        self.limit = limit
    }

    /// More bytes have come.
    mutating func append(_ bytes: consuming ByteBuffer) {
        buffer.discardReadBytes()
        buffer.writeBuffer(&bytes)
    }

    /// The next line that is complete; `nil` until more has come. Empty lines are skipped.
    mutating func next() -> Line? {
        while true {
            let rest = buffer.readableBytesView.dropFirst(searched)
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
                searched = buffer.readableBytes
                guard searched > limit else { return nil }
                buffer.clear()
                searched = 0
                defer { isDiscarding = true }
                if isDiscarding { return nil }
                return .tooLong
            }
            let count = end - buffer.readerIndex
            searched = 0
            guard var line = buffer.readSlice(length: count) else { return nil }
            buffer.moveReaderIndex(forwardBy: 1)
            if isDiscarding {
                isDiscarding = false
                continue
            }
            if line.readableBytesView.last == UInt8(ascii: "\r") { line.moveWriterIndex(to: line.writerIndex - 1) }
            guard line.readableBytes <= limit else { return .tooLong }
            if line.readableBytes > 0 { return .line(line) }
        }
    }
}
