/// Reads JSON as strictly as `JSONScanner`, from bytes that arrive in any pieces and are not kept.
///
/// Pulled by its user, token by token. Of the text it remembers only the names of open objects and, where it is asked
/// to, the beginning of one value.
///
/// ```
/// value ──▶ separator ──▶ end              (scalars pass through string, number, literal)
///   │ ▲         │
///   ▼ └── colon ◀── name                   (an open container begins with firstElement or firstName)
/// ```
struct JSONStreamReader: ~Copyable {
    /// What has been read whole.
    enum Token {
        case objectStart, objectEnd, arrayStart, arrayEnd
        /// The name of a member; see `nameEquals`.
        case name
        case string, number, `true`, `false`, null
    }

    private enum State {
        case value, firstElement, firstName, name, colon, separator, end
        case string, number, literal
    }

    private var state = State.value
    private var scratch: JSONScratch
    /// How many containers are open, and which of them are objects, the innermost lowest.
    private(set) var level = 0
    private var objects: UInt64 = 0
    /// How many bytes of the whole text came before those that are being read.
    private var consumedCount = 0

    private var string = JSONStringMachine()
    private var number = JSONNumberMachine.start
    /// Letters of the literal that are still to come, the next one lowest, and what it will be.
    private var letters: UInt32 = 0
    private var literal = Token.null

    /// Whether the string is a name, and where in the arena it began.
    private var isName = false
    private var nameStart = 0
    private var nameLength = 0
    private var lastName = JSONScratch.Name(key: 0, start: 0, length: 0, isInArena: true)

    /// How many bytes of the next string or number are to be remembered in `text`; 0 after each value.
    var captureLimit = 0
    /// The first bytes of the last string or number, unescaped.
    private(set) var text: [UInt8] = []

    init(seed: UInt64) {
        scratch = JSONScratch(seed: seed)
    }

    /// Whether an object has had a name twice.
    var hasDuplicate: Bool { scratch.duplicateOffset >= 0 }

    /// Whether the last name was `name`.
    mutating func nameEquals(_ name: StaticString) -> Bool {
        scratch.equals(lastName, name, in: .empty)
    }

    /// Says that no more bytes come.
    mutating func finish() throws(JSONError) {
        if state == .number, level == 0, number.isComplete { state = .end }
        guard state == .end else { throw .syntax(offset: consumedCount) }
    }

    /// Counts the bytes of a piece that has been read to its end.
    mutating func advance(by count: Int) {
        consumedCount &+= count
    }

    /// Reads the next token, from `offset` on; `nil` at the end of `bytes`.
    mutating func next(_ bytes: ByteView, _ offset: inout Int) throws(JSONError) -> Token? {
        while offset < bytes.count {
            switch state {
            case .string:
                guard try readString(bytes, &offset) else { return nil }
                return try endString(offset)
            case .number:
                guard try readNumber(bytes, &offset) else { return nil }
                return endValue(.number)
            case .literal:
                guard try readLiteral(bytes, &offset) else { continue }
                return endValue(literal)
            case .value, .firstElement, .firstName, .name, .colon, .separator, .end:
                let byte = bytes[offset]
                if byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
                    offset &+= 1
                } else if let token = try structure(byte, &offset) {
                    return token
                }
            }
        }
        return nil
    }

    // MARK: Structure

    private mutating func structure(_ byte: UInt8, _ offset: inout Int) throws(JSONError) -> Token? {
        switch (state, byte) {
        case (.firstElement, UInt8(ascii: "]")), (.firstName, UInt8(ascii: "}")):
            offset &+= 1
            return close()
        case (.value, _), (.firstElement, _):
            return try beginValue(byte, &offset)
        case (.firstName, UInt8(ascii: "\"")), (.name, UInt8(ascii: "\"")):
            beginString(isName: true)
        case (.colon, UInt8(ascii: ":")):
            state = .value
        case (.separator, UInt8(ascii: ",")):
            state = objects & 1 == 1 ? .name : .value
        case (.separator, UInt8(ascii: "}")) where objects & 1 == 1,
            (.separator, UInt8(ascii: "]")) where objects & 1 == 0:
            offset &+= 1
            return close()
        default:
            throw .syntax(offset: consumedCount &+ offset)
        }
        offset &+= 1
        return nil
    }

    private mutating func beginValue(_ byte: UInt8, _ offset: inout Int) throws(JSONError) -> Token? {
        scratch.valueCount &+= 1
        guard scratch.valueCount <= JSONLimits.valueCount else { throw .tooManyValues }
        switch byte {
        case UInt8(ascii: "{"):
            try open(isObject: true)
            offset &+= 1
            return .objectStart
        case UInt8(ascii: "["):
            try open(isObject: false)
            offset &+= 1
            return .arrayStart
        case UInt8(ascii: "\""):
            beginString(isName: false)
        case UInt8(ascii: "-"), 0x30...0x39:
            text.removeAll(keepingCapacity: true)
            state = .number
            number = .start
            return nil
        case UInt8(ascii: "t"):
            begin(.true, 0x65_7572)
        case UInt8(ascii: "f"):
            begin(.false, 0x6573_6C61)
        case UInt8(ascii: "n"):
            begin(.null, 0x6C_6C75)
        default:
            throw .syntax(offset: consumedCount &+ offset)
        }
        offset &+= 1
        return nil
    }

    private mutating func begin(_ token: Token, _ remaining: UInt32) {
        state = .literal
        literal = token
        letters = remaining
    }

    private mutating func open(isObject: Bool) throws(JSONError) {
        guard level < JSONLimits.depth else { throw .tooDeep }
        captureLimit = 0
        level &+= 1
        objects = objects &<< 1 | (isObject ? 1 : 0)
        if isObject { scratch.openObject() }
        state = isObject ? .firstName : .firstElement
    }

    private mutating func close() -> Token {
        let isObject = objects & 1 == 1
        if isObject { scratch.closeObject() }
        level &-= 1
        objects &>>= 1
        return endValue(isObject ? .objectEnd : .arrayEnd)
    }

    private mutating func endValue(_ token: Token) -> Token {
        captureLimit = 0
        state = level == 0 ? .end : .separator
        return token
    }

    // MARK: Scalars

    private mutating func beginString(isName: Bool) {
        self.isName = isName
        state = .string
        string = JSONStringMachine()
        if isName {
            nameStart = scratch.arenaCount
            nameLength = 0
        } else {
            text.removeAll(keepingCapacity: true)
        }
    }

    /// Reads on in a string. `true` behind its closing quote.
    private mutating func readString(_ bytes: ByteView, _ offset: inout Int) throws(JSONError) -> Bool {
        while offset < bytes.count {
            if string.isPlain {
                // What is kept is needed unescaped.
                let isKept = isName || captureLimit > 0
                let scanner = JSONScanner(bytes)
                let end = isKept ? scanner.endOfPlainText(offset) : scanner.skipGoodPartOfString(offset)
                if end > offset {
                    if isKept { keep(bytes.slice(from: offset, to: end)) }
                    offset = end
                    continue
                }
            }
            switch string.step(bytes[offset]) {
            case .nothing:
                break
            case .character(var encoded):
                repeat {
                    keep(UInt8(truncatingIfNeeded: encoded))
                    encoded &>>= 8
                } while encoded != 0
            case .end:
                offset &+= 1
                return true
            case .invalid:
                throw .syntax(offset: consumedCount &+ offset)
            }
            offset &+= 1
        }
        return false
    }

    private mutating func keep(_ bytes: ByteView) {
        if isName {
            // Beyond the limit the name is only read to its end, and then refused.
            if nameLength <= JSONLimits.nameBytes { scratch.keep(bytes) }
            nameLength &+= bytes.count
        } else if text.count < captureLimit {
            text.append(contentsOf: bytes.slice(from: 0, to: captureLimit &- text.count).raw)
        }
    }

    private mutating func keep(_ byte: UInt8) {
        if isName {
            if nameLength <= JSONLimits.nameBytes { scratch.keep(byte) }
            nameLength &+= 1
        } else if text.count < captureLimit {
            text.append(byte)
        }
    }

    private mutating func endString(_ end: Int) throws(JSONError) -> Token {
        guard isName else { return endValue(.string) }
        guard nameLength <= JSONLimits.nameBytes else { throw .nameTooLong }
        lastName = JSONScratch.Name(
            key: scratch.arenaKey(from: nameStart), start: nameStart, length: nameLength, isInArena: true)
        if !scratch.insert(lastName, in: .empty), scratch.duplicateOffset < 0 {
            scratch.duplicateOffset = consumedCount &+ end
        }
        state = .colon
        return .name
    }

    /// Reads on in a number. `true` behind it.
    private mutating func readNumber(_ bytes: ByteView, _ offset: inout Int) throws(JSONError) -> Bool {
        while offset < bytes.count {
            let byte = bytes[offset]
            guard let next = number.after(byte) else {
                guard number.isComplete else { throw .syntax(offset: consumedCount &+ offset) }
                return true
            }
            number = next
            if text.count < captureLimit { text.append(byte) }
            offset &+= 1
        }
        return false
    }

    /// Reads one letter of a literal. `true` behind the last one.
    private mutating func readLiteral(_ bytes: ByteView, _ offset: inout Int) throws(JSONError) -> Bool {
        guard bytes[offset] == UInt8(truncatingIfNeeded: letters) else {
            throw .syntax(offset: consumedCount &+ offset)
        }
        letters &>>= 8
        offset &+= 1
        return letters == 0
    }
}
