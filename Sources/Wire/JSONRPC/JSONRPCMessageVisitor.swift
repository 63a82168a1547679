/// Takes note of the members of a message, or of each message of a batch, while the scanner walks over them.
struct JSONRPCMessageVisitor: JSONVisitor {
    /// The places that matter. Containers come first.
    enum Field: UInt8 {
        case nothing, batch, message, params, meta, result, error
        case version, id, method
        case name, uri, taskID, arguments, protocolVersion, requestState, inputResponses
        case metaProtocolVersion, metaClientCapabilities, metaClientInfo
        case isError, resultType, resultProtocolVersion
        case errorCode
    }

    /// What was found in the message, or in the last one of a batch. Its kind is right when the walk has ended.
    private(set) var envelope = JSONRPCEnvelope(kind: .notification)
    /// What is wrong with the first message that has something wrong.
    private(set) var fault: JSONRPCError.Reason?
    private var members = JSONRPCMembers()
    private let isBatch: Bool
    private var batchCount = 0
    private var batchRequestCount = 0
    private var batchHasModernEnvelope = false
    private var batchHasInitialize = false

    init(isBatch: Bool) {
        self.isBatch = isBatch
    }

    // MARK: Fields

    static var none: Field { .nothing }

    @inline(__always)
    static func matters(_ field: Field) -> Bool { field != .nothing }

    @inline(__always)
    static func watches(_ field: Field) -> Bool { field.rawValue &- 1 < Field.error.rawValue }

    @inline(__always)
    func elementField(in array: Field) -> Field {
        array == .batch ? .message : .nothing
    }

    @inline(never)
    func field(
        of name: JSONScratch.Name, in object: Field, _ bytes: ByteView, _ scratch: inout JSONScratch
    ) -> Field {
        switch object {
        case .message: Self.messageField(name)
        case .params: paramsField(name, bytes, &scratch)
        case .meta: metaField(name, bytes, &scratch)
        case .result: resultField(name, bytes, &scratch)
        case .error: name.key == Key.code && name.length == 4 ? .errorCode : .nothing
        default: .nothing
        }
    }

    private static func messageField(_ name: JSONScratch.Name) -> Field {
        switch name.length {
        case 2: name.key == Key.id ? .id : .nothing
        case 5: name.key == Key.error ? .error : .nothing
        case 6:
            switch name.key {
            case Key.params: .params
            case Key.method: .method
            case Key.result: .result
            default: .nothing
            }
        case 7: name.key == Key.jsonrpc ? .version : .nothing
        default: .nothing
        }
    }

    private func paramsField(
        _ name: JSONScratch.Name, _ bytes: ByteView, _ scratch: inout JSONScratch
    ) -> Field {
        switch name.length {
        case 3: name.key == Key.uri ? .uri : .nothing
        case 4: name.key == Key.name ? .name : .nothing
        case 5: name.key == Key.meta ? .meta : .nothing
        case 6: name.key == Key.taskID ? .taskID : .nothing
        case 9: scratch.equals(name, "arguments", in: bytes) ? .arguments : .nothing
        case 12: scratch.equals(name, "requestState", in: bytes) ? .requestState : .nothing
        case 14: scratch.equals(name, "inputResponses", in: bytes) ? .inputResponses : .nothing
        case 15: scratch.equals(name, "protocolVersion", in: bytes) ? .protocolVersion : .nothing
        default: .nothing
        }
    }

    private func metaField(
        _ name: JSONScratch.Name, _ bytes: ByteView, _ scratch: inout JSONScratch
    ) -> Field {
        guard name.key == Key.reserved else { return .nothing }
        switch name.length {
        case 39 where scratch.equals(name, "io.modelcontextprotocol/protocolVersion", in: bytes):
            return .metaProtocolVersion
        case 42 where scratch.equals(name, "io.modelcontextprotocol/clientCapabilities", in: bytes):
            return .metaClientCapabilities
        case 34 where scratch.equals(name, "io.modelcontextprotocol/clientInfo", in: bytes):
            return .metaClientInfo
        default:
            return .nothing
        }
    }

    private func resultField(
        _ name: JSONScratch.Name, _ bytes: ByteView, _ scratch: inout JSONScratch
    ) -> Field {
        switch name.length {
        case 7: name.key == Key.isError ? .isError : .nothing
        case 10: scratch.equals(name, "resultType", in: bytes) ? .resultType : .nothing
        case 15: scratch.equals(name, "protocolVersion", in: bytes) ? .resultProtocolVersion : .nothing
        default: .nothing
        }
    }

    // MARK: Values

    @inline(never)
    mutating func take(_ field: Field, from start: Int, to end: Int, isEscaped: Bool, _ bytes: ByteView) {
        var range = ByteRange.none
        range.start = UInt32(truncatingIfNeeded: start)
        range.length = UInt32(truncatingIfNeeded: end &- start)
        let first = bytes[start]
        /// The kind of the value.
        var kind: JSONKind { JSONKind(firstByte: first) ?? .null }
        /// The value if it is text.
        var text: JSONText? {
            guard first == UInt8(ascii: "\"") else { return nil }
            var inner = range
            inner.start &+= 1
            inner.length &-= 2
            return JSONText(range: inner, isEscaped: isEscaped)
        }
        switch field {
        case .nothing:
            break
        case .batch:
            finishBatch()
        case .message:
            finishMessage(kind, bytes)
        case .version:
            members.isVersion2 = text?.equals("2.0", in: bytes) ?? false
        case .id:
            takeID(kind, range, isEscaped, bytes)
        case .method:
            members.method = kind
            envelope.method = text
        case .params:
            members.params = kind
            envelope.paramsKind = kind
            envelope.params = range
        case .result:
            members.result = kind
            envelope.resultKind = kind
            envelope.result = range
        case .error:
            members.error = kind
            envelope.error = range
        case .name: envelope.name = text
        case .uri: envelope.uri = text
        case .taskID: envelope.taskID = text
        case .arguments: envelope.arguments = range
        case .meta:
            envelope.metaKind = kind
            envelope.meta = range
        case .protocolVersion: envelope.protocolVersion = text
        case .requestState:
            envelope.hasRequestState = true
            envelope.requestState = text
        case .inputResponses: envelope.hasInputResponses = true
        case .metaProtocolVersion:
            envelope.hasMetaProtocolVersion = true
            envelope.metaProtocolVersion = text
        case .metaClientCapabilities: envelope.metaClientCapabilitiesKind = kind
        case .metaClientInfo: envelope.metaClientInfoKind = kind
        case .isError: envelope.isToolError = first == UInt8(ascii: "t")
        case .resultType: envelope.resultType = text
        case .resultProtocolVersion: envelope.resultProtocolVersion = text
        case .errorCode: envelope.errorCode = JSONNumber.int64(bytes[range])
        }
    }

    private mutating func takeID(_ kind: JSONKind, _ range: ByteRange, _ isEscaped: Bool, _ bytes: ByteView) {
        let isRepeated = members.id != .absent
        envelope.id = nil
        members.id = .invalid
        guard !isRepeated else { return }
        switch kind {
        case .string:
            members.id = .valid
            envelope.id = JSONRPCID(range: range, isString: true, isEscaped: isEscaped)
        case .number where JSONRPCID.isInteger(bytes[range]):
            members.id = .valid
            envelope.id = JSONRPCID(range: range, isString: false, isEscaped: false)
        case .null:
            members.id = .null
        case .object, .array, .bool, .number:
            break
        }
    }

    private mutating func finishMessage(_ kind: JSONKind, _ bytes: ByteView) {
        if fault == nil { fault = kind == .object ? members.fault : .notAnObject }
        envelope.kind = members.kind
        guard isBatch else { return }
        batchCount &+= 1
        if envelope.kind == .request { batchRequestCount &+= 1 }
        if envelope.hasMetaProtocolVersion { batchHasModernEnvelope = true }
        if envelope.method?.equals("initialize", in: bytes) == true { batchHasInitialize = true }
        envelope = JSONRPCEnvelope(kind: .notification)
        members = JSONRPCMembers()
    }

    private mutating func finishBatch() {
        if batchCount == 0 { fault = .notAnObject }
        envelope = JSONRPCEnvelope(kind: .batch)
        envelope.batchCount = batchCount
        envelope.batchRequestCount = batchRequestCount
        envelope.batchHasModernEnvelope = batchHasModernEnvelope
        envelope.batchHasInitialize = batchHasInitialize
    }

    /// The first eight bytes of the names that are looked for, as in `JSONScratch.Name.key`.
    private enum Key {
        static let jsonrpc: UInt64 = 0x0063_7072_6E6F_736A
        static let id: UInt64 = 0x6469
        static let method: UInt64 = 0x646F_6874_656D
        static let params: UInt64 = 0x736D_6172_6170
        static let result: UInt64 = 0x746C_7573_6572
        static let error: UInt64 = 0x0072_6F72_7265
        static let name: UInt64 = 0x656D_616E
        static let uri: UInt64 = 0x0069_7275
        static let taskID: UInt64 = 0x6449_6B73_6174
        static let meta: UInt64 = 0x0061_7465_6D5F
        static let reserved: UInt64 = 0x6C65_646F_6D2E_6F69
        static let isError: UInt64 = 0x0072_6F72_7245_7369
        static let code: UInt64 = 0x6564_6F63
    }
}
