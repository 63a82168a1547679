public import NIOCore

/// A command for a Redis server as it goes over the wire: an array of bulk strings, complete after every `append`.
///
/// ```
/// var command = RESPCommand("SET")
/// command.append("key")
/// command.append(value)
/// ```
public struct RESPCommand: Hashable, Sendable {
    /// Room for `*`, a count and a line end in front of the arguments: the count is known last.
    private static let headroom = 16

    /// The encoding.
    public private(set) var bytes: ByteBuffer
    /// How many words there are, the command's name included.
    public private(set) var wordCount = 0

    /// The command `name` without arguments; `capacity` is a guess at the bytes of those to come.
    public init(_ name: StaticString, capacity: Int = 64) {
        self.init(capacity: capacity &+ name.utf8CodeUnitCount &+ 16)
        append(name)
    }

    private init(capacity: Int) {
        bytes = ByteBuffer()
        bytes.reserveCapacity(RESPCommand.headroom &+ capacity)
        bytes.moveWriterIndex(to: RESPCommand.headroom)
        bytes.moveReaderIndex(to: RESPCommand.headroom)
    }

    /// The command `name` with `argument` and the words of `other` from number `first` on.
    public init(_ name: StaticString, _ argument: ByteView, wordsOf other: RESPCommand, from first: Int) {
        self.init(name, capacity: argument.count &+ other.bytes.readableBytes &+ 32)
        append(argument)
        var offset = 0
        for word in 0..<other.wordCount {
            let range = other.range(ofWordAt: offset)
            if word >= first { other.bytes.withByteView { append($0[range]) } }
            offset = range.end &+ 2
        }
    }

    /// Appends bytes as they are.
    public mutating func append(_ argument: ByteView) {
        append(argument.raw)
    }

    /// Appends the readable bytes of a buffer.
    public mutating func append(_ argument: ByteBuffer) {
        argument.withUnsafeReadableBytes { append($0) }
    }

    /// Appends a literal.
    public mutating func append(_ argument: StaticString) {
        append(UnsafeRawBufferPointer(start: argument.utf8Start, count: argument.utf8CodeUnitCount))
    }

    /// Appends the UTF-8 of a text.
    @_disfavoredOverload
    public mutating func append(_ argument: String) {
        var argument = argument
        argument.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    /// Appends bytes as they are.
    public mutating func append(_ argument: [UInt8]) {
        argument.withUnsafeBytes { append($0) }
    }

    /// Appends a number in decimal.
    public mutating func append(_ argument: some BinaryInteger) {
        append(String(argument))
    }

    /// Appends a number in decimal; the way that most of them go allocates nothing.
    public mutating func append(_ argument: Int) {
        // A sign and 19 digits.
        withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
            var start = digits.count
            var rest = argument.magnitude
            repeat {
                start &-= 1
                digits[start] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
                rest /= 10
            } while rest > 0
            if argument < 0 {
                start &-= 1
                digits[start] = UInt8(ascii: "-")
            }
            append(UnsafeRawBufferPointer(rebasing: digits[start...]))
        }
    }

    /// Appends a word in one reservation: a command has several, and looking at the buffer's capacity costs more than copying
    /// a short one.
    private mutating func append(_ argument: UnsafeRawBufferPointer) {
        // A dollar sign, at most 19 digits, two line ends.
        let room = argument.count &+ 24
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
            guard target.count >= room, let base = target.baseAddress else { return 0 }
            var digitCount = 1
            var rest = argument.count / 10
            while rest > 0 {
                digitCount &+= 1
                rest /= 10
            }
            base.storeBytes(of: UInt8(ascii: "$"), as: UInt8.self)
            rest = argument.count
            for position in stride(from: digitCount, to: 0, by: -1) {
                base.storeBytes(
                    of: UInt8(truncatingIfNeeded: rest % 10) &+ 0x30, toByteOffset: position, as: UInt8.self)
                rest /= 10
            }
            let lineEnd = (0x0D0A as UInt16).bigEndian
            let start = digitCount &+ 3
            base.storeBytes(of: lineEnd, toByteOffset: start &- 2, as: UInt16.self)
            if let source = argument.baseAddress { (base + start).copyMemory(from: source, byteCount: argument.count) }
            base.storeBytes(of: lineEnd, toByteOffset: start &+ argument.count, as: UInt16.self)
            return start &+ argument.count &+ 2
        }
        wordCount &+= 1
        writeCount()
    }

    /// Writes the count so that it ends where the first word begins.
    private mutating func writeCount() {
        var position = RESPCommand.headroom &- 4
        if wordCount < 10 {
            bytes.setInteger(0x2A30_0D0A &+ UInt32(truncatingIfNeeded: wordCount) &<< 16, at: position)  // *0 CR LF
        } else {
            position = RESPCommand.headroom &- 2
            bytes.setInteger(0x0D0A as UInt16, at: position)
            var rest = wordCount
            while rest > 0, position > 1 {
                position &-= 1
                bytes.setInteger(UInt8(truncatingIfNeeded: rest % 10) &+ 0x30, at: position)
                rest /= 10
            }
            position &-= 1
            bytes.setInteger(UInt8(ascii: "*"), at: position)
        }
        bytes.moveReaderIndex(to: position)
    }

    /// Where in the readable bytes a word is; the first one, if `offset` is 0, else the one whose `$` is at `offset`.
    private func range(ofWordAt offset: Int) -> ByteRange {
        bytes.withByteView { view in
            var start = offset
            if offset == 0 {
                while start < view.count, view[start] != UInt8(ascii: "$") { start &+= 1 }
            }
            start &+= 1
            var length = 0
            while start < view.count, HTTPCharacters.isDigit(view[start]) {
                length = length &* 10 &+ Int(view[start] &- 0x30)
                start &+= 1
            }
            return ByteRange(start: start &+ 2, length: length)
        }
    }

    /// Where in the readable bytes the word of this number is, 0 being the command's name; empty beyond the last one.
    public func range(ofWord number: Int) -> ByteRange {
        guard (0..<wordCount).contains(number) else { return .none }
        var range = range(ofWordAt: 0)
        for _ in 0..<number { range = self.range(ofWordAt: range.end &+ 2) }
        return range
    }

    /// Calls `body` with the word of this number, 0 being the command's name; empty beyond the last one.
    public func withWord<Result>(_ number: Int, _ body: (ByteView) -> Result) -> Result {
        let range = range(ofWord: number)
        return bytes.withByteView { body($0[range]) }
    }

    /// Calls `body` with the readable bytes, to write words of the same length over some of those that are there: a command
    /// that differs little from call to call is copied and changed, which costs a tenth of putting it together.
    public mutating func overwriteWords(_ body: (UnsafeMutableRawBufferPointer) -> Void) {
        bytes.withUnsafeMutableReadableBytes(body)
    }

    /// The words, for logs and tests.
    public var words: [ByteBuffer] {
        var words: [ByteBuffer] = []
        var offset = 0
        for _ in 0..<wordCount {
            let range = range(ofWordAt: offset)
            if let word = bytes.getSlice(at: bytes.readerIndex &+ Int(range.start), length: range.count) {
                words.append(word)
            }
            offset = range.end &+ 2
        }
        return words
    }
}
