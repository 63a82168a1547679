/// Reads one message head, line by line, from bytes that may arrive in any pieces (RFC 9112 §2–§6, read strictly).
///
/// The caller keeps the bytes of the head together and passes all that it has, always from the head's first byte. Whole
/// lines are read once; only the line that is still incomplete is looked at again when more bytes come. Because every
/// line is judged from left to right, the verdict is the same however the input was cut.
///
/// ```
/// startLine ──▶ fields ──▶ complete
///     └───────────┴──────▶ (throws; the connection cannot be read further)
/// ```
public struct HTTPHeadParser: Sendable {
    /// Which kind of start line is expected.
    public enum Role: Sendable {
        case request, response
    }

    private enum State {
        case startLine, fields, complete
    }

    /// The head of a request, valid after `parse` returned `true` on a parser of requests.
    public internal(set) var request = HTTPRequestHead()
    /// The head of an answer, valid after `parse` returned `true` on a parser of responses.
    public internal(set) var response = HTTPResponseHead()

    private let role: Role
    private let limits: HTTPLimits
    private var state = State.startLine
    /// Where the line that is read next begins.
    private var lineStart = 0
    private var fields = HTTPFields()
    private var authority: ByteRange?
    private var minorVersion: UInt8 = 1

    /// A parser for one head after another; `reset()` between them.
    public init(_ role: Role, limits: HTTPLimits = HTTPLimits()) {
        self.role = role
        self.limits = limits
    }

    /// Makes ready for the next head; keeps the storage of the fields.
    public mutating func reset() {
        state = .startLine
        lineStart = 0
        authority = nil
        fields = role == .request ? request.fields : response.fields
        request.fields = HTTPFields()
        response.fields = HTTPFields()
        fields.reset()
    }

    /// Whether nothing of a head has been read yet.
    var isAtStart: Bool { state == .startLine && lineStart == 0 }

    /// The length of the head that has been read, with the empty line that ends it.
    var byteCount: Int { lineStart }

    /// Reads on in `bytes`, which begin with the head's first byte. `true` when the head is complete.
    public mutating func parse(_ bytes: ByteView) throws(HTTPError) -> Bool {
        while true {
            switch state {
            case .startLine:
                let isRead = role == .request ? try requestLine(bytes) : try statusLine(bytes)
                guard isRead else { return false }
                state = .fields
            case .fields:
                switch try fieldLine(bytes) {
                case .incomplete: return false
                case .field: continue
                case .end:
                    if role == .request { try finishRequest(bytes) } else { try finishResponse(bytes) }
                    state = .complete
                    return true
                }
            case .complete:
                return true
            }
        }
    }

    // MARK: Start lines

    /// `method SP target SP HTTP/1.x CRLF`
    private mutating func requestLine(_ bytes: ByteView) throws(HTTPError) -> Bool {
        // RFC 9112 §2.2: one empty line before the request line is forgiven.
        if lineStart == 0, bytes[0] == UInt8(ascii: "\r") {
            guard bytes.count > 1 else { return false }
            guard bytes[1] == UInt8(ascii: "\n") else { throw .startLine }
            lineStart = 2
        }
        var offset = lineStart
        while HTTPCharacters.isToken(bytes[offset]) {
            offset &+= 1
            if offset &- lineStart > 32 { throw .startLine }
        }
        guard offset < bytes.count else { return false }
        guard offset > lineStart, bytes[offset] == UInt8(ascii: " ") else { throw .startLine }
        let methodText = ByteRange(from: lineStart, to: offset)

        offset &+= 1
        let targetStart = offset
        var queryMark: Int?
        while HTTPCharacters.isTarget(bytes[offset]) {
            // Before the byte is judged: a `%` at the limit must not be refused for what may follow it.
            if offset &- targetStart >= limits.targetBytes { throw .targetTooLong }
            switch bytes[offset] {
            case UInt8(ascii: "%"):
                guard offset &+ 2 < bytes.count else { return false }
                guard HTTPCharacters.hexValue(bytes[offset &+ 1]) != nil,
                    HTTPCharacters.hexValue(bytes[offset &+ 2]) != nil
                else { throw .target }
            case UInt8(ascii: "?") where queryMark == nil:
                queryMark = offset
            default: break
            }
            offset &+= 1
        }
        guard offset < bytes.count else { return false }
        guard bytes[offset] == UInt8(ascii: " ") else { throw .target }
        guard offset > targetStart else { throw .startLine }
        let targetEnd = offset

        guard try version(bytes, at: offset &+ 1, lineEnds: true) else { return false }
        request.methodText = methodText
        request.method = HTTPHeadParser.method(bytes[methodText])
        try splitTarget(bytes, from: targetStart, to: targetEnd, queryMark: queryMark)
        request.minorVersion = minorVersion
        lineStart = targetEnd &+ 11
        return true
    }

    /// `HTTP/1.0` or `HTTP/1.1` at `start`, then a line end (requests) or a space (answers).
    private mutating func version(_ bytes: ByteView, at start: Int, lineEnds: Bool) throws(HTTPError) -> Bool {
        let name: StaticString = "HTTP/"
        for index in 0..<5 {
            guard start &+ index < bytes.count else { return false }
            guard bytes[start &+ index] == name.utf8Start[index] else { throw .startLine }
        }
        guard start &+ 5 < bytes.count else { return false }
        let major = bytes[start &+ 5]
        guard HTTPCharacters.isDigit(major) else { throw .startLine }
        guard major == UInt8(ascii: "1") else { throw .version }
        guard start &+ 6 < bytes.count else { return false }
        guard bytes[start &+ 6] == UInt8(ascii: ".") else { throw .startLine }
        guard start &+ 7 < bytes.count else { return false }
        let minor = bytes[start &+ 7]
        guard minor == UInt8(ascii: "0") || minor == UInt8(ascii: "1") else { throw .startLine }
        minorVersion = minor &- 0x30
        guard lineEnds else { return true }
        guard start &+ 8 < bytes.count else { return false }
        guard bytes[start &+ 8] == UInt8(ascii: "\r") else { throw .startLine }
        guard start &+ 9 < bytes.count else { return false }
        guard bytes[start &+ 9] == UInt8(ascii: "\n") else { throw .startLine }
        return true
    }

    private static func method(_ text: ByteView) -> HTTPMethod {
        // Methods are case-sensitive (RFC 9110 §9.1): "post" is another method.
        if text.equals("POST") { return .post }
        if text.equals("GET") { return .get }
        if text.equals("DELETE") { return .delete }
        if text.equals("OPTIONS") { return .options }
        if text.equals("HEAD") { return .head }
        if text.equals("CONNECT") { return .connect }
        if text.equals("TRACE") { return .trace }
        return .other
    }

    /// Origin form, or absolute form whose authority is compared with `Host` later (RFC 9112 §3.2).
    private mutating func splitTarget(
        _ bytes: ByteView, from start: Int, to end: Int, queryMark: Int?
    ) throws(HTTPError) {
        var pathStart = start
        authority = nil
        if bytes[start] != UInt8(ascii: "/") {
            let isServerWide = end &- start == 1 && bytes[start] == UInt8(ascii: "*")
            if isServerWide, request.method == .options {
                request.path = ByteRange(from: start, to: end)
                request.query = .none
                return
            }
            guard bytes.slice(from: start, to: start &+ 7).equalsIgnoringCase("http://") else {
                if request.method == .connect {
                    request.path = ByteRange(from: start, to: end)
                    request.query = .none
                    return
                }
                throw .target
            }
            pathStart = start &+ 7
            while pathStart < end, bytes[pathStart] != UInt8(ascii: "/"), bytes[pathStart] != UInt8(ascii: "?") {
                pathStart &+= 1
            }
            let named = ByteRange(from: start &+ 7, to: pathStart)
            guard HTTPHeadParser.isHost(bytes[named]) else { throw .target }
            authority = named
        }
        let pathEnd = queryMark ?? end
        request.path = ByteRange(from: pathStart, to: pathEnd)
        request.query = queryMark.map { ByteRange(from: $0 &+ 1, to: end) } ?? .none
    }

    /// `HTTP/1.x SP 3DIGIT SP [reason] CRLF`; the space before an absent reason may be missing.
    private mutating func statusLine(_ bytes: ByteView) throws(HTTPError) -> Bool {
        guard try version(bytes, at: 0, lineEnds: false) else { return false }
        guard bytes.count > 8 else { return false }
        guard bytes[8] == UInt8(ascii: " ") else { throw .startLine }
        var status = 0
        for offset in 9..<12 {
            guard offset < bytes.count else { return false }
            guard HTTPCharacters.isDigit(bytes[offset]) else { throw .startLine }
            status = status &* 10 &+ Int(bytes[offset] &- 0x30)
        }
        guard status >= 100, status < 600 else { throw .startLine }
        guard bytes.count > 12 else { return false }
        guard bytes[12] == UInt8(ascii: " ") || bytes[12] == UInt8(ascii: "\r") else { throw .startLine }
        let window = min(bytes.count, limits.fieldBytes)
        let lineEnd = HTTPCharacters.firstControl(in: bytes, from: 12, to: window)
        guard lineEnd < window else {
            if window == limits.fieldBytes { throw .headTooLarge }
            return false
        }
        guard bytes[lineEnd] == UInt8(ascii: "\r") else { throw .startLine }
        guard lineEnd &+ 1 < bytes.count else { return false }
        guard bytes[lineEnd &+ 1] == UInt8(ascii: "\n") else { throw .startLine }
        response.status = status
        lineStart = lineEnd &+ 2
        return true
    }

    // MARK: Fields

    private enum Line {
        case incomplete, field, end
    }

    private mutating func fieldLine(_ bytes: ByteView) throws(HTTPError) -> Line {
        let limit = min(lineStart &+ limits.fieldBytes, limits.headBytes)
        let window = min(bytes.count, limit)
        guard lineStart < window else {
            if window == limit { throw .headTooLarge }
            return .incomplete
        }
        if bytes[lineStart] == UInt8(ascii: "\r") {
            guard lineStart &+ 1 < window else {
                if window == limit { throw .headTooLarge }
                return .incomplete
            }
            guard bytes[lineStart &+ 1] == UInt8(ascii: "\n") else { throw .field }
            lineStart &+= 2
            return .end
        }
        var offset = lineStart
        while offset < window, HTTPCharacters.isToken(bytes[offset]) { offset &+= 1 }
        guard offset < window else {
            if window == limit { throw .headTooLarge }
            return .incomplete
        }
        guard offset > lineStart, bytes[offset] == UInt8(ascii: ":") else { throw .field }
        let name = ByteRange(from: lineStart, to: offset)
        let valueStart = offset &+ 1
        let lineEnd = HTTPCharacters.firstControl(in: bytes, from: valueStart, to: window)
        guard lineEnd < window else {
            if window == limit { throw .headTooLarge }
            return .incomplete
        }
        guard bytes[lineEnd] == UInt8(ascii: "\r") else { throw .field }
        guard lineEnd &+ 1 < window else {
            if window == limit { throw .headTooLarge }
            return .incomplete
        }
        guard bytes[lineEnd &+ 1] == UInt8(ascii: "\n") else { throw .field }
        guard fields.all.count < limits.fieldCount else { throw .headTooLarge }
        fields.append(
            HTTPFieldName(bytes[name]), name: name,
            value: HTTPHeadParser.trimmed(bytes, from: valueStart, to: lineEnd))
        lineStart = lineEnd &+ 2
        return .field
    }

    /// The range without spaces and tabs at either end (RFC 9110 §5.5).
    private static func trimmed(_ bytes: ByteView, from start: Int, to end: Int) -> ByteRange {
        var lower = start
        var upper = end
        while lower < upper, bytes[lower] == UInt8(ascii: " ") || bytes[lower] == UInt8(ascii: "\t") { lower &+= 1 }
        while upper > lower, bytes[upper &- 1] == UInt8(ascii: " ") || bytes[upper &- 1] == UInt8(ascii: "\t") {
            upper &-= 1
        }
        return ByteRange(from: lower, to: upper)
    }

    // MARK: What the fields say

    private mutating func finishRequest(_ bytes: ByteView) throws(HTTPError) {
        try checkHost(bytes)
        request.framing = try framing(bytes, whenSilent: .none)
        // RFC 9112 §9.3: a proxy does not keep the connection of an HTTP/1.0 client, whatever it asks for.
        request.isKeepAlive = minorVersion == 1 && isKeepAlive(bytes)
        request.expectsContinue = false
        request.hasUnknownExpectation = false
        // RFC 9110 §10.1.1: an HTTP/1.0 client cannot wait for an interim answer; its expectations are ignored.
        if minorVersion == 1, let expect = fields[.expect] {
            if !fields.isRepeated(.expect), bytes[expect].equalsIgnoringCase("100-continue") {
                request.expectsContinue = request.framing != .none && request.framing != .length(0)
            } else {
                request.hasUnknownExpectation = true
            }
        }
        request.asksForUpgrade = fields[.upgrade] != nil || request.method == .connect
        request.byteCount = lineStart
        request.fields = fields
        fields = HTTPFields()
    }

    private mutating func finishResponse(_ bytes: ByteView) throws(HTTPError) {
        let status = response.status
        if status < 200 || status == 204 || status == 304 {
            // RFC 9112 §6.3: these never have a body, whatever their fields say; the fields must still make sense.
            _ = try framing(bytes, whenSilent: .none)
            response.framing = .none
        } else {
            response.framing = try framing(bytes, whenSilent: .untilClose)
        }
        response.isKeepAlive = isKeepAlive(bytes) && response.framing != .untilClose
        response.byteCount = lineStart
        response.fields = fields
        fields = HTTPFields()
    }

    private func checkHost(_ bytes: ByteView) throws(HTTPError) {
        guard let host = fields[.host] else {
            if minorVersion == 1 { throw .host }
            return
        }
        guard !fields.isRepeated(.host), HTTPHeadParser.isHost(bytes[host]) else { throw .host }
        if let authority, !bytes[authority].equals(bytes[host]) { throw .host }
    }

    /// Where the body ends; anything that two readers could see differently is refused (RFC 9112 §6).
    private func framing(_ bytes: ByteView, whenSilent silent: HTTPBodyFraming) throws(HTTPError) -> HTTPBodyFraming {
        let length = fields[.contentLength]
        if let coding = fields[.transferEncoding] {
            guard length == nil, minorVersion == 1, !fields.isRepeated(.transferEncoding) else { throw .framing }
            let name = bytes[coding]
            guard name.equalsIgnoringCase("chunked") else {
                // An empty or doubled value is malformed; another coding is merely not implemented.
                throw HTTPHeadParser.isToken(name) ? .transferCoding : .framing
            }
            return .chunked
        }
        guard let length else { return silent }
        guard !fields.isRepeated(.contentLength), length.count >= 1, length.count <= 18 else { throw .framing }
        var value = 0
        for offset in length.range {
            guard HTTPCharacters.isDigit(bytes[offset]) else { throw .framing }
            value = value &* 10 &+ Int(bytes[offset] &- 0x30)  // at most 18 digits: cannot overflow
        }
        return .length(value)
    }

    /// RFC 9112 §9.3, over every `Connection` field.
    private func isKeepAlive(_ bytes: ByteView) -> Bool {
        guard fields[.connection] != nil else { return minorVersion == 1 }
        var keepAlive = minorVersion == 1
        for field in fields.all where field.id == .connection {
            var tokens = HTTPTokenList(bytes[field.value])
            while let token = tokens.next() {
                if token.equalsIgnoringCase("close") { return false }
                if token.equalsIgnoringCase("keep-alive") { keepAlive = true }
            }
        }
        return keepAlive
    }

    private static func isToken(_ text: ByteView) -> Bool {
        guard text.count > 0 else { return false }
        for offset in 0..<text.count where !HTTPCharacters.isToken(text[offset]) { return false }
        return true
    }

    /// `uri-host [":" port]` (RFC 9110 §7.2), narrower: registered names of letters, digits, `-`, `.`, `_`; IPv6 in brackets.
    static func isHost(_ text: ByteView) -> Bool {
        guard text.count > 0, text.count <= 260 else { return false }
        var offset = 0
        if text[0] == UInt8(ascii: "[") {
            offset = 1
            while HTTPCharacters.hexValue(text[offset]) != nil || text[offset] == UInt8(ascii: ":")
                || text[offset] == UInt8(ascii: ".")
            {
                offset &+= 1
            }
            guard offset > 2, text[offset] == UInt8(ascii: "]") else { return false }
            offset &+= 1
        } else {
            while HTTPHeadParser.isNameByte(text[offset]) { offset &+= 1 }
            guard offset > 0 else { return false }
        }
        guard offset < text.count else { return true }
        guard text[offset] == UInt8(ascii: ":") else { return false }
        let digits = text.count &- offset &- 1
        guard digits >= 1, digits <= 5 else { return false }
        var port = 0
        for index in (offset &+ 1)..<text.count {
            guard HTTPCharacters.isDigit(text[index]) else { return false }
            port = port &* 10 &+ Int(text[index] &- 0x30)
        }
        return port <= 65_535
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
