/// Checks an answer that flows to the client while it is checked: the incremental twin of `JSONRPCEnvelope.scan`.
///
/// However the bytes are cut, they are accepted or refused as `scan` would with all of them in hand. What is wrong in
/// form is thrown where it is seen, the rest by `finish`; an id of another call can be seen before (`hasWrongID`).
/// Remembers the names of the objects that are open, and nothing else of the text.
public struct JSONRPCStreamScanner: ~Copyable {
    /// What the answer turned out to be.
    public struct Verdict: Hashable, Sendable {
        /// What kind of message it is.
        public var kind: JSONRPCEnvelope.Kind
        /// Whether it has an id; `false` for batches.
        public var hasID: Bool
        /// Whether its id is that of the call.
        public var idMatches: Bool
        /// Whether `result.isError` is `true`.
        public var isToolError: Bool
    }

    /// The members of a message, as far as they matter here.
    private enum Member {
        case version, id, method, params, result, error, other
    }

    private var reader: JSONStreamReader
    private var failure: JSONRPCError?

    /// The call's id, unescaped.
    private let expectedID: [UInt8]
    private let expectsText: Bool

    private var isBatch = false
    private var messageCount = 0
    /// Whether a message is open; the level of its members is that of the outermost containers.
    private var isInMessage = false
    private var members = JSONRPCMembers()
    private var member = Member.other
    /// Whether the value that comes next is `result.isError`.
    private var isAtIsError = false
    private var isToolError = false
    private var idMatches = false
    private var fault: JSONRPCError.Reason?

    /// A scanner of one answer to the call with `id`, which is given as it stands in the call, with its quotes if it is
    /// text. An empty `id` matches none.
    public init(seed: UInt64, expecting id: [UInt8]) {
        reader = JSONStreamReader(seed: seed)
        expectsText = id.first == UInt8(ascii: "\"")
        guard expectsText else {
            expectedID = id
            return
        }
        expectedID = id.withUnsafeBytes { raw in
            let text = JSONText(range: ByteRange(from: 1, to: raw.count &- 1), isEscaped: true)
            return text.unescaped(in: ByteView(raw))
        }
    }

    /// Whether the answer has an id that is not the call's: it must not flow on. `false` for batches.
    public var hasWrongID: Bool {
        !isBatch && !idMatches && (members.id == .valid || members.id == .invalid)
    }

    /// Takes the next bytes of the answer. After an error it throws the same again.
    public mutating func consume(_ bytes: ByteView) throws(JSONRPCError) {
        if let failure { throw failure }
        var offset = 0
        do throws(JSONError) {
            while let token = try reader.next(bytes, &offset) { take(token) }
        } catch {
            let failure = JSONRPCError(error, id: nil)
            self.failure = failure
            throw failure
        }
        reader.advance(by: bytes.count)
    }

    /// Says that the answer is complete. Throws what `scan` would throw; an error's `id` is always `nil`.
    public mutating func finish() throws(JSONRPCError) -> Verdict {
        if let failure { throw failure }
        do throws(JSONError) {
            try reader.finish()
        } catch {
            throw JSONRPCError(error, id: nil)
        }
        // A number on its own ends only here, and is not a message.
        if !isBatch, messageCount == 0 { note(.notAnObject) }
        if reader.hasDuplicate { fault = .duplicateName }
        if let fault { throw .invalidRequest(fault, id: nil) }
        guard !isBatch else { return Verdict(kind: .batch, hasID: false, idMatches: false, isToolError: false) }
        return Verdict(
            kind: members.kind, hasID: members.id == .valid, idMatches: idMatches,
            isToolError: isToolError)
    }

    // MARK: Tokens

    /// The level on which the members of a message are.
    private var memberLevel: Int { isBatch ? 2 : 1 }

    private mutating func take(_ token: JSONStreamReader.Token) {
        switch token {
        case .objectStart: beginContainer(.object)
        case .arrayStart: beginContainer(.array)
        case .objectEnd, .arrayEnd: endContainer()
        case .name: takeName()
        case .string: takeScalar(.string)
        case .number: takeScalar(.number)
        case .true: takeScalar(.bool, isTrue: true)
        case .false: takeScalar(.bool)
        case .null: takeScalar(.null)
        }
    }

    private mutating func beginContainer(_ kind: JSONKind) {
        let outerLevel = reader.level &- 1
        if isInMessage {
            if outerLevel == memberLevel { takeMember(kind) }
            isAtIsError = false
        } else if outerLevel == 0, kind == .array {
            isBatch = true
        } else if outerLevel == memberLevel &- 1 {
            messageCount &+= 1
            if kind == .object {
                isInMessage = true
                members = JSONRPCMembers()
            } else {
                note(.notAnObject)
            }
        }
    }

    private mutating func endContainer() {
        if isInMessage, reader.level < memberLevel {
            isInMessage = false
            if let fault = members.fault { note(fault) }
        } else if isBatch, reader.level == 0, messageCount == 0 {
            note(.notAnObject)
        }
    }

    private mutating func takeName() {
        guard isInMessage else { return }
        if reader.level == memberLevel {
            member = memberNamed()
            switch member {
            case .version: reader.captureLimit = 4
            // An integer of 64 bits has up to 20 bytes; one more byte tells that there are more.
            case .id: reader.captureLimit = max(expectedID.count &+ 1, 24)
            case .method, .params, .result, .error, .other: break
            }
        } else if reader.level == memberLevel &+ 1, member == .result {
            isAtIsError = reader.nameEquals("isError")
        }
    }

    private mutating func memberNamed() -> Member {
        if reader.nameEquals("result") { return .result }
        if reader.nameEquals("id") { return .id }
        if reader.nameEquals("jsonrpc") { return .version }
        if reader.nameEquals("error") { return .error }
        if reader.nameEquals("method") { return .method }
        return reader.nameEquals("params") ? .params : .other
    }

    private mutating func takeScalar(_ kind: JSONKind, isTrue: Bool = false) {
        guard isInMessage else {
            if reader.level < memberLevel {
                messageCount &+= 1
                note(.notAnObject)
            }
            return
        }
        if reader.level == memberLevel {
            takeMember(kind)
        } else if isAtIsError {
            isToolError = isTrue
            isAtIsError = false
        }
    }

    private mutating func takeMember(_ kind: JSONKind) {
        switch member {
        case .version: members.isVersion2 = kind == .string && reader.text.elementsEqual("2.0".utf8)
        case .id: takeID(kind)
        case .method: members.method = kind
        case .params: members.params = kind
        case .result: members.result = kind
        case .error: members.error = kind
        case .other: break
        }
    }

    private mutating func takeID(_ kind: JSONKind) {
        let isRepeated = members.id != .absent
        members.id = .invalid
        idMatches = false
        guard !isRepeated else { return }
        switch kind {
        case .string:
            members.id = .valid
            idMatches = expectsText && reader.text == expectedID
        case .number:
            let isInteger = reader.text.withUnsafeBytes { JSONRPCID.isInteger(ByteView($0)) }
            guard isInteger else { return }
            members.id = .valid
            idMatches = !expectsText && (reader.text == expectedID || (isZero(reader.text) && isZero(expectedID)))
        case .null:
            members.id = .null
        case .object, .array, .bool:
            break
        }
    }

    private func isZero(_ digits: [UInt8]) -> Bool {
        digits.elementsEqual("0".utf8) || digits.elementsEqual("-0".utf8)
    }

    private mutating func note(_ reason: JSONRPCError.Reason) {
        if fault == nil { fault = reason }
    }
}
