/// Finds the bytes of a body in what follows a head, however it was cut (RFC 9112 §6 and §7.1).
///
/// ```
/// length(n) ──────────────▶ finished          chunked:  size ─▶ extension ─▶ sizeEnd ─▶ data ─▶ dataEnd ─┐
/// untilClose (never by itself)                            ▲                                              │
///                                                         └──────────────────────────────────────────────┘
///                                                       last chunk ─▶ trailer lines ─▶ finished
/// ```
///
/// Trailer fields are checked against bounds and dropped: a trailer never becomes a header.
public struct HTTPBodyReader: Sendable {
    /// What the next bytes of the input are.
    @frozen
    public enum Step: Hashable, Sendable {
        /// Bytes of the body, `data`, ending at `consumed`.
        case data(ByteRange, consumed: Int)
        /// The body is complete; the input up to `consumed` belonged to it.
        case finished(consumed: Int)
        /// All of the input is used up and the body goes on.
        case needsMore
    }

    private enum State: Hashable {
        case length(Int)
        case untilClose
        case size, chunkExtension(Extension), sizeEnd, data(Int), dataCR, dataLF
        case trailerStart, trailerName, trailerLine, trailerLineEnd, lastLF
        case finished
    }

    /// Where in `*( ";" name [ "=" ( token / quoted-string ) ] )` a chunk's extension is (RFC 9112 §7.1.1).
    private enum Extension: Hashable {
        case nameStart, name, valueStart, value, quoted, escaped, quotedEnd
    }

    private static let maximumExtensionBytes = 256
    private static let maximumExtensionTotal = 4_096
    private static let maximumTrailerBytes = 4_096
    private static let maximumTrailerCount = 16

    private var state: State
    private var limit: Int
    private var size = 0
    private var digits = 0
    private var extensionBytes = 0
    private var extensionTotal = 0
    private var trailerBytes = 0
    private var trailerCount = 0
    /// Bytes of the body that were found so far.
    public private(set) var receivedByteCount = 0

    /// A reader of one body of at most `limit` bytes.
    public init(_ framing: HTTPBodyFraming, limit: Int = .max) throws(HTTPError) {
        self.limit = limit
        switch framing {
        case .none: state = .finished
        case .length(let count):
            guard count <= limit else { throw .bodyTooLarge }
            state = count == 0 ? .finished : .length(count)
        case .chunked: state = .size
        case .untilClose: state = .untilClose
        }
    }

    /// Whether the body has ended.
    public var isFinished: Bool { state == .finished }

    /// Whether the end of the input would be the proper end of this body.
    public var endsWithConnection: Bool { state == .untilClose }

    /// Reads on at `start`. Call again, from the returned `consumed`, until it says `needsMore` or `finished`.
    public mutating func next(_ bytes: ByteView, from start: Int) throws(HTTPError) -> Step {
        var offset = start
        while true {
            if case .finished = state { return .finished(consumed: offset) }
            guard offset < bytes.count else { return .needsMore }
            let byte = bytes[offset]
            switch state {
            case .finished:
                return .finished(consumed: offset)
            case .length(let left):
                let count = min(left, bytes.count &- offset)
                state = left == count ? .finished : .length(left &- count)
                return take(count, at: offset)
            case .untilClose:
                let count = bytes.count &- offset
                try grow(by: count)
                return .data(ByteRange(start: offset, length: count), consumed: offset &+ count)
            case .data(let left):
                let count = min(left, bytes.count &- offset)
                state = left == count ? .dataCR : .data(left &- count)
                return take(count, at: offset)
            case .size:
                try chunkSize(byte)
            case .chunkExtension(let part):
                try chunkExtension(byte, part)
            case .sizeEnd:
                guard byte == UInt8(ascii: "\n") else { throw .chunk }
                state = size == 0 ? .trailerStart : .data(size)
                if size > 0 {
                    guard size <= limit &- receivedByteCount else { throw .bodyTooLarge }
                }
                size = 0
                digits = 0
                extensionBytes = 0
            case .dataCR:
                guard byte == UInt8(ascii: "\r") else { throw .chunk }
                state = .dataLF
            case .dataLF:
                guard byte == UInt8(ascii: "\n") else { throw .chunk }
                state = .size
            case .trailerStart, .trailerName, .trailerLine, .trailerLineEnd, .lastLF:
                try trailer(byte)
            }
            offset &+= 1
        }
    }

    private mutating func take(_ count: Int, at offset: Int) -> Step {
        receivedByteCount &+= count
        return .data(ByteRange(start: offset, length: count), consumed: offset &+ count)
    }

    private mutating func grow(by count: Int) throws(HTTPError) {
        guard count <= limit &- receivedByteCount else { throw .bodyTooLarge }
        receivedByteCount &+= count
    }

    private mutating func chunkSize(_ byte: UInt8) throws(HTTPError) {
        if let value = HTTPCharacters.hexValue(byte) {
            digits &+= 1
            guard digits <= 15 else { throw .chunk }
            size = size &<< 4 | Int(value)  // at most 60 bits
            return
        }
        guard digits > 0 else { throw .chunk }
        switch byte {
        case UInt8(ascii: "\r"): state = .sizeEnd
        case UInt8(ascii: ";"): state = .chunkExtension(.nameStart)
        default: throw .chunk
        }
    }

    private mutating func chunkExtension(_ byte: UInt8, _ part: Extension) throws(HTTPError) {
        let isToken = HTTPCharacters.isToken(byte)
        switch (part, byte) {
        case (.name, UInt8(ascii: "\r")), (.value, UInt8(ascii: "\r")), (.quotedEnd, UInt8(ascii: "\r")):
            state = .sizeEnd
            return
        case (.name, UInt8(ascii: ";")), (.value, UInt8(ascii: ";")), (.quotedEnd, UInt8(ascii: ";")):
            state = .chunkExtension(.nameStart)
        case (.name, UInt8(ascii: "=")): state = .chunkExtension(.valueStart)
        case (.nameStart, _) where isToken, (.name, _) where isToken: state = .chunkExtension(.name)
        case (.valueStart, UInt8(ascii: "\"")): state = .chunkExtension(.quoted)
        case (.valueStart, _) where isToken, (.value, _) where isToken: state = .chunkExtension(.value)
        case (.quoted, UInt8(ascii: "\"")): state = .chunkExtension(.quotedEnd)
        case (.quoted, UInt8(ascii: "\\")): state = .chunkExtension(.escaped)
        case (.quoted, _), (.escaped, _):
            guard byte >= 0x20 || byte == 0x09, byte != 0x7F else { throw .chunk }
            state = .chunkExtension(.quoted)
        default: throw .chunk
        }
        extensionBytes &+= 1
        extensionTotal &+= 1
        guard extensionBytes <= HTTPBodyReader.maximumExtensionBytes,
            extensionTotal <= HTTPBodyReader.maximumExtensionTotal
        else { throw .chunk }
    }

    private mutating func trailer(_ byte: UInt8) throws(HTTPError) {
        trailerBytes &+= 1
        guard trailerBytes <= HTTPBodyReader.maximumTrailerBytes else { throw .trailer }
        switch state {
        case .trailerStart where byte == UInt8(ascii: "\r"):
            state = .lastLF
        case .trailerStart:
            trailerCount &+= 1
            guard trailerCount <= HTTPBodyReader.maximumTrailerCount, HTTPCharacters.isToken(byte) else {
                throw .trailer
            }
            state = .trailerName
        case .trailerName where byte == UInt8(ascii: ":"):
            state = .trailerLine
        case .trailerName:
            guard HTTPCharacters.isToken(byte) else { throw .trailer }
        case .trailerLine where byte == UInt8(ascii: "\r"):
            state = .trailerLineEnd
        case .trailerLine:
            guard byte >= 0x20 || byte == 0x09, byte != 0x7F else { throw .trailer }
        case .trailerLineEnd:
            guard byte == UInt8(ascii: "\n") else { throw .trailer }
            state = .trailerStart
        case .lastLF:
            guard byte == UInt8(ascii: "\n") else { throw .trailer }
            state = .finished
        default:
            break
        }
    }
}
