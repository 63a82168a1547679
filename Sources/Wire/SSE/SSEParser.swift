public import NIOCore

/// Cuts an event stream into blocks as it arrives (WHATWG HTML §9.2.5 and §9.2.6).
///
/// Lines end in CR, LF or CR LF, mixed as they come. The parser holds no bytes: it looks at a buffer that begins with the
/// first byte not yet taken, and remembers how far it has looked, so that a stream that arrives byte by byte costs as
/// much as one that arrives at once.
///
/// A CR ends its line at once, so a block whose blank line is a lone CR is given out without waiting for a byte that
/// may never come. An LF that does follow later is then a blank line, a block of its own that says nothing.
public struct SSEParser: Sendable {
    /// The longest event: 1 MiB.
    public static let maximumEventByteCount = 1 << 20

    private let maximum: Int
    /// What is known of the block that is being read.
    private var block = SSEBlock()
    /// Where the line begins that is being read.
    private var lineStart = 0
    /// Where to look for its end.
    private var searchStart = 0
    /// Whether the stream's first line has not been read: only it may have a byte order mark.
    private var isAtStart = true

    /// A parser for a new stream, whose events have at most `maximumEventByteCount` bytes.
    public init(maximumEventByteCount: Int = SSEParser.maximumEventByteCount) {
        maximum = maximumEventByteCount
    }

    /// The next whole block, or `nil` when more bytes are needed.
    ///
    /// `buffer` must begin where the block before ended: the caller removes the `byteCount` bytes of each block that it
    /// gets, and otherwise only appends. After an error the stream cannot be read further.
    public mutating func next(in buffer: ByteBuffer) throws(SSEError) -> SSEBlock? {
        // Everything before `searchStart` belongs to the block, and the blank line is still to come.
        guard let blankLineEnd = buffer.withByteView({ advance(in: $0) }) else {
            guard searchStart < maximum else { throw .eventTooLarge }
            return nil
        }
        guard blankLineEnd < maximum else { throw .eventTooLarge }
        var whole = SSEBlock()
        swap(&whole, &block)
        lineStart = 0
        searchStart = 0
        return whole
    }

    /// Reads lines until one is blank; the offset of the line end of that one.
    private mutating func advance(in bytes: ByteView) -> Int? {
        if isAtStart, !skipByteOrderMark(bytes) { return nil }
        while true {
            let end = bytes.firstLineEnd(from: searchStart)
            let isBlank = end == lineStart
            // A line that ends in CR is taken when it is known whether an LF belongs to it; more has to come anyway.
            guard end < bytes.count, isBlank || bytes[end] == 0x0A || end &+ 1 < bytes.count else {
                searchStart = end
                return nil
            }
            let next = bytes[end] == 0x0D && bytes[end &+ 1] == 0x0A ? end &+ 2 : end &+ 1
            if isBlank {
                block.byteCount = next
                return end
            }
            take(SSELine(bytes, from: lineStart, to: end), bytes)
            lineStart = next
            searchStart = next
        }
    }

    /// Skips the mark that a stream may begin with; `false` while that cannot be told.
    private mutating func skipByteOrderMark(_ bytes: ByteView) -> Bool {
        guard bytes.count > 0 else { return false }
        let isMark =
            bytes[0] == 0xEF && (bytes.count < 2 || bytes[1] == 0xBB) && (bytes.count < 3 || bytes[2] == 0xBF)
        if isMark, bytes.count < SSELine.byteOrderMarkByteCount { return false }
        isAtStart = false
        if isMark {
            block.hasByteOrderMark = true
            lineStart = SSELine.byteOrderMarkByteCount
            searchStart = SSELine.byteOrderMarkByteCount
        }
        return true
    }

    private mutating func take(_ line: SSELine, _ bytes: ByteView) {
        switch line.field {
        case .data:
            block.dataLineCount &+= 1
            block.data = block.dataLineCount == 1 ? line.value : nil
        case .event:
            block.event = line.value
            let name = bytes[line.value]
            block.isNamedMessage = name.count == 0 || name.equals("message")
        case .id:
            if !bytes[line.value].contains(where: { $0 == 0 }) { block.id = line.value }
        case .retry:
            let digits = bytes[line.value]
            if digits.count > 0, !digits.contains(where: { $0 &- 0x30 >= 10 }) { block.retry = line.value }
        case .other:
            break
        }
    }
}

extension ByteView {
    fileprivate func contains(where isWanted: (UInt8) -> Bool) -> Bool {
        for offset in 0..<count where isWanted(self[offset]) { return true }
        return false
    }
}
