/// Reads JSON once, strictly, from bytes that are all there; finds values, builds nothing (RFC 8259).
///
/// A cursor without a position: every function takes the offset at which it reads and returns the one behind what it
/// has read, so that the position lives in a register. Nothing is recursive. Bytes outside of the text read as 0, which
/// no rule accepts, so a text that is cut is refused where it ends.
struct JSONScanner {
    private let base: UnsafeRawPointer
    private let count: Int

    /// A scanner of `bytes`, which must outlive it.
    init(_ bytes: ByteView) {
        base = bytes.base
        count = bytes.count
    }

    /// The text.
    var bytes: ByteView { ByteView(base: base, count: count) }

    /// The last offset at which eight bytes can be read at once.
    private var lastWord: Int { count &- 8 }

    /// The byte at `offset`, or 0 outside of the text.
    @inline(__always)
    func byte(_ offset: Int) -> UInt8 {
        UInt(bitPattern: offset) < UInt(bitPattern: count) ? base.load(fromByteOffset: offset, as: UInt8.self) : 0
    }

    /// The eight bytes at `offset`, which is in 0…`lastWord`.
    @inline(__always)
    private func word(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    // MARK: White space, end

    /// The offset of the first byte at or behind `offset` that is not white space.
    @inline(__always)
    func skipSpace(_ offset: Int) -> Int {
        byte(offset) > 0x20 ? offset : skipMoreSpace(offset)
    }

    @inline(never)
    private func skipMoreSpace(_ start: Int) -> Int {
        var offset = start
        while true {
            while offset <= lastWord, word(offset) == 0x2020_2020_2020_2020 { offset &+= 8 }
            switch byte(offset) {
            case 0x20, 0x0A, 0x0D, 0x09: offset &+= 1
            default: return offset
            }
        }
    }

    /// Throws unless nothing but white space comes at `offset`.
    @inline(__always)
    func expectEnd(_ offset: Int) throws(JSONError) {
        let end = skipSpace(offset)
        guard end == count else { throw .syntax(offset: end) }
    }

    // MARK: Strings

    /// Which bytes of `word` end the plain part of a string: a quote, a backslash, controls, and all that is not ASCII.
    ///
    /// The high bit of each such byte is set. Only the lowest one is exact: the subtraction may borrow from higher ones.
    @inline(__always)
    private func special(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = (word ^ (ones &* 0x22)) &- ones
        let backslash = (word ^ (ones &* 0x5C)) &- ones
        return (quote | backslash | (word &- ones &* 0x20) | word) & (ones &* 0x80)
    }

    /// The offset at or behind `start` of the first byte that is a quote, a backslash, a control or not ASCII, or the end.
    func endOfPlainText(_ start: Int) -> Int {
        var offset = start
        while offset <= lastWord {
            let found = special(word(offset))
            if found != 0 { return offset &+ found.trailingZeroBitCount &>> 3 }
            offset &+= 8
        }
        while offset < count {
            let byte = byte(offset)
            if byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            offset &+= 1
        }
        return offset
    }

    /// Reads a string whose first byte behind the quote is at `offset`. `end` is the offset of the closing quote.
    @inline(__always)
    func string(_ start: Int) throws(JSONError) -> (end: Int, isEscaped: Bool) {
        var offset = start
        while offset <= lastWord {
            let found = special(word(offset))
            if found != 0 {
                offset &+= found.trailingZeroBitCount &>> 3
                if byte(offset) == UInt8(ascii: "\"") { return (offset, false) }
                break
            }
            offset &+= 8
        }
        return try restOfString(offset)
    }

    /// As `string`, from any place within one; knows escapes and characters beyond ASCII.
    @inline(never)
    private func restOfString(_ start: Int) throws(JSONError) -> (end: Int, isEscaped: Bool) {
        var offset = start
        var isEscaped = false
        while true {
            if offset <= lastWord {
                let found = special(word(offset))
                guard found != 0 else {
                    offset &+= 8
                    continue
                }
                offset &+= found.trailingZeroBitCount &>> 3
            }
            let current = byte(offset)
            if current == UInt8(ascii: "\"") { return (offset, isEscaped) }
            if current == UInt8(ascii: "\\") {
                isEscaped = true
                offset = try escape(offset)
            } else if current >= 0x80 {
                offset = try multibyte(offset)
            } else if current < 0x20 {
                throw .syntax(offset: offset)
            } else {
                offset &+= 1
            }
        }
    }

    /// Skips what is certainly good of a string's inside, from `start` on: up to its closing quote, the first thing that is
    /// not good, or what is too near to the end of the bytes to tell.
    func skipGoodPartOfString(_ start: Int) -> Int {
        /// No escape has more than 12 bytes.
        let limit = count &- 12
        var offset = start
        while offset <= limit {
            let found = special(word(offset))
            guard found != 0 else {
                offset &+= 8
                continue
            }
            offset &+= found.trailingZeroBitCount &>> 3
            guard offset <= limit else { return offset }
            let current = byte(offset)
            if current == UInt8(ascii: "\\") {
                guard let end = try? escape(offset) else { return offset }
                offset = end
            } else {
                let length = current >= 0x80 ? characterLength(offset) : 0
                guard length > 0 else { return offset }
                offset &+= length
            }
        }
        return offset
    }

    /// Reads the escape whose backslash is at `offset` (RFC 8259 §7).
    @inline(__always)
    private func escape(_ offset: Int) throws(JSONError) -> Int {
        guard byte(offset &+ 1) == UInt8(ascii: "u") else {
            guard isShortEscape(byte(offset &+ 1)) else { throw .syntax(offset: offset) }
            return offset &+ 2
        }
        guard let unit = codeUnit(offset &+ 2) else { throw .syntax(offset: offset) }
        guard unit & 0xF800 == 0xD800 else { return offset &+ 6 }
        // A surrogate: the first of a pair, and the second one follows.
        guard unit & 0xFC00 == 0xD800, byte(offset &+ 6) == UInt8(ascii: "\\"), byte(offset &+ 7) == UInt8(ascii: "u"),
            let second = codeUnit(offset &+ 8), second & 0xFC00 == 0xDC00
        else { throw .syntax(offset: offset) }
        return offset &+ 12
    }

    /// Whether `byte` is one of `"` `/` `\` `b` `f` `n` `r` `t`.
    @inline(__always)
    private func isShortEscape(_ byte: UInt8) -> Bool {
        let map: UInt64 = byte &>> 6 == 0 ? 0x0000_8004_0000_0000 : byte &>> 6 == 1 ? 0x0014_4044_1000_0000 : 0
        return map &>> UInt64(byte & 63) & 1 == 1
    }

    private func codeUnit(_ offset: Int) -> UInt32? {
        var unit: UInt32 = 0
        for position in offset..<(offset &+ 4) {
            guard let digit = HTTPCharacters.hexValue(byte(position)) else { return nil }
            unit = unit &<< 4 | UInt32(digit)
        }
        return unit
    }

    /// Reads characters beyond ASCII as long as they come, the first at `offset`.
    @inline(__always)
    func multibyte(_ start: Int) throws(JSONError) -> Int {
        var offset = start
        repeat {
            let count = characterLength(offset)
            guard count > 0 else { throw .syntax(offset: offset) }
            offset &+= count
        } while byte(offset) >= 0x80
        return offset
    }

    /// How many bytes the character beyond ASCII at `offset` has; 0 if it is not well-formed (Unicode, table 3-7).
    @inline(__always)
    private func characterLength(_ offset: Int) -> Int {
        let second = byte(offset &+ 1)
        switch byte(offset) {
        case 0xC2...0xDF:
            return isContinuation(second) ? 2 : 0
        case let lead where lead & 0xF0 == 0xE0:
            guard isContinuation(second), isContinuation(byte(offset &+ 2)),
                lead != 0xE0 || second >= 0xA0, lead != 0xED || second < 0xA0
            else { return 0 }
            return 3
        case let lead where lead >= 0xF0 && lead <= 0xF4:
            guard isContinuation(second), isContinuation(byte(offset &+ 2)), isContinuation(byte(offset &+ 3)),
                lead != 0xF0 || second >= 0x90, lead != 0xF4 || second < 0x90
            else { return 0 }
            return 4
        default:
            return 0
        }
    }

    @inline(__always)
    private func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

    // MARK: Numbers, literals

    /// Reads a number whose first byte is at `offset`; any size and precision, as it stands (RFC 8259 §6).
    @inline(__always)
    func number(_ start: Int) throws(JSONError) -> Int {
        var offset = start
        if byte(offset) == UInt8(ascii: "-") { offset &+= 1 }
        if byte(offset) == UInt8(ascii: "0") {
            offset &+= 1
        } else {
            offset = try digits(offset)
        }
        if byte(offset) == UInt8(ascii: ".") { offset = try digits(offset &+ 1) }
        if byte(offset) | 0x20 == UInt8(ascii: "e") {
            let sign = byte(offset &+ 1)
            offset = try digits(offset &+ (sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") ? 2 : 1))
        }
        return offset
    }

    /// Reads one digit or more.
    @inline(__always)
    private func digits(_ start: Int) throws(JSONError) -> Int {
        var offset = start
        while byte(offset) &- 0x30 < 10 { offset &+= 1 }
        guard offset > start else { throw .syntax(offset: offset) }
        return offset
    }

    /// Reads `true`, `false` or `null`.
    @inline(__always)
    func literal(_ offset: Int) throws(JSONError) -> Int {
        let letters =
            UInt32(byte(offset)) | UInt32(byte(offset &+ 1)) &<< 8 | UInt32(byte(offset &+ 2)) &<< 16
            | UInt32(byte(offset &+ 3)) &<< 24
        switch letters {
        case 0x6575_7274, 0x6C6C_756E: return offset &+ 4  // true, null
        case 0x736C_6166 where byte(offset &+ 4) == UInt8(ascii: "e"): return offset &+ 5
        default: throw .syntax(offset: offset)
        }
    }

    // MARK: Objects

    /// A name, and where the value behind its colon begins.
    struct Member {
        var name: JSONScratch.Name
        var valueStart: Int
    }

    /// Reads a name whose quote is at `offset`, adds it to the innermost object, and goes on to its value.
    @inline(__always)
    func member(_ offset: Int, _ scratch: inout JSONScratch) throws(JSONError) -> Member {
        guard byte(offset) == UInt8(ascii: "\"") else { throw .syntax(offset: offset) }
        let start = offset &+ 1
        var member: Member
        let first = start <= lastWord ? word(start) : ~0
        let length = special(first).trailingZeroBitCount &>> 3
        // A word without a quote has a length of 8 here; one that was not there is not ASCII.
        if (first &>> UInt64(truncatingIfNeeded: (length & 7) &* 8)) & 0xFF == 0x22 {
            let key = first & ~(~0 &<< UInt64(truncatingIfNeeded: (length & 7) &* 8))
            member = Member(
                name: JSONScratch.Name(key: key, start: start, length: length, isInArena: false),
                valueStart: start &+ length &+ 1)
        } else {
            member = try longName(start, from: start &+ (length == 8 && start <= lastWord ? 8 : 0), &scratch)
        }
        if !scratch.insert(member.name, in: bytes), scratch.duplicateOffset < 0 { scratch.duplicateOffset = start }
        let colon = skipSpace(member.valueStart)
        guard byte(colon) == UInt8(ascii: ":") else { throw .syntax(offset: colon) }
        member.valueStart = skipSpace(colon &+ 1)
        return member
    }

    /// As `member`, for names of which the bytes before `plainEnd` are known to be plain.
    @inline(never)
    private func longName(
        _ start: Int, from plainEnd: Int, _ scratch: inout JSONScratch
    ) throws(JSONError) -> Member {
        let (end, isEscaped) = try string(plainEnd)
        var name: JSONScratch.Name
        if isEscaped {
            name = try escapedName(bytes.slice(from: start, to: end), &scratch)
        } else {
            let length = end &- start
            guard length <= JSONLimits.nameBytes else { throw .nameTooLong }
            var key: UInt64 = 0
            if length >= 8 {
                key = word(start)
            } else {
                for position in 0..<length { key |= UInt64(byte(start &+ position)) &<< UInt64(8 &* position) }
            }
            name = JSONScratch.Name(key: key, start: start, length: length, isInArena: false)
        }
        return Member(name: name, valueStart: end &+ 1)
    }

    private func escapedName(_ raw: ByteView, _ scratch: inout JSONScratch) throws(JSONError) -> JSONScratch.Name {
        let start = scratch.arenaCount
        var unescaper = JSONUnescaper(raw)
        while let byte = unescaper.next() { scratch.keep(byte) }
        let length = scratch.arenaCount &- start
        guard length <= JSONLimits.nameBytes else { throw .nameTooLong }
        return JSONScratch.Name(key: scratch.arenaKey(from: start), start: start, length: length, isInArena: true)
    }
}
