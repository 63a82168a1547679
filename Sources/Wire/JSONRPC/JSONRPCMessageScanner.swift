/// Reads the members of one message: those that an MCP gateway looks at are noted in the envelope, all are validated.
///
/// The levels that matter (message, `params`, `_meta`, `result`, `error`) have a function each; what lies below them is
/// skipped by the scanner, which knows no recursion either.
struct JSONRPCMessageScanner {
    private let scanner: JSONScanner
    /// What was found; `kind` is right if the members have no fault.
    private(set) var envelope = JSONRPCEnvelope(kind: .notification)
    /// Which members there were.
    private(set) var members = JSONRPCMembers()

    init(_ scanner: JSONScanner) {
        self.scanner = scanner
    }

    // MARK: Messages

    /// Reads a batch whose bracket is at `start`; returns the offset behind it. `fault` is what is wrong with the first
    /// message that has something wrong.
    @inline(never)
    mutating func scanBatch(
        _ start: Int, _ fault: inout JSONRPCError.Reason?, _ scratch: inout JSONScratch
    ) throws(JSONError) -> Int {
        try scanner.countValue(&scratch)
        envelope.kind = .batch
        var offset = scanner.skipSpace(start &+ 1)
        if scanner.byte(offset) == UInt8(ascii: "]") {
            fault = .notAnObject
            return offset &+ 1
        }
        while true {
            var element = JSONRPCMessageScanner(scanner)
            if scanner.byte(offset) == UInt8(ascii: "{") {
                offset = try element.scan(offset, depth: 1, &scratch)
                if let elementFault = element.members.fault, fault == nil { fault = elementFault }
                count(element.envelope)
            } else {
                offset = try scanner.skipValue(offset, depth: 1, &scratch)
                if fault == nil { fault = .notAnObject }
            }
            offset = scanner.skipSpace(offset)
            let separator = scanner.byte(offset)
            if separator == UInt8(ascii: "]") { return offset &+ 1 }
            guard separator == UInt8(ascii: ",") else { throw .syntax(offset: offset) }
            offset = scanner.skipSpace(offset &+ 1)
        }
    }

    private mutating func count(_ element: JSONRPCEnvelope) {
        envelope.batchCount &+= 1
        if element.kind == .request { envelope.batchRequestCount &+= 1 }
        if element.hasMetaProtocolVersion { envelope.batchHasModernEnvelope = true }
        if let method = element.method, method.equals("initialize", in: scanner.bytes) {
            envelope.batchHasInitialize = true
        }
    }

    /// Reads the message whose brace is at `start` and that lies within `depth` containers.
    mutating func scan(_ start: Int, depth: Int, _ scratch: inout JSONScratch) throws(JSONError) -> Int {
        let depth = depth &+ 1
        try scanner.countValue(&scratch)
        scratch.openObject()
        var offset = start &+ 1
        var isFirst = true
        while let name = try scanner.nextMember(&offset, isFirst: isFirst, &scratch) {
            isFirst = false
            let kind = JSONKind(firstByte: scanner.byte(offset))
            switch (name.key, name.length) {
            case (Key.jsonrpc, 7) where kind == .string:
                let text = try string(&offset, &scratch)
                members.isVersion2 = text.equals("2.0", in: scanner.bytes)
            case (Key.id, 2):
                try scanID(&offset, kind, depth, &scratch)
            case (Key.method, 6):
                members.method = kind
                if kind == .string {
                    envelope.method = try string(&offset, &scratch)
                } else {
                    offset = try scanner.skipValue(offset, depth: depth, &scratch)
                }
            case (Key.params, 6):
                let valueStart = offset
                if kind == .object {
                    offset = try scanParams(offset, depth, &scratch)
                } else {
                    offset = try scanner.skipValue(offset, depth: depth, &scratch)
                }
                members.params = kind
                envelope.paramsKind = kind
                envelope.params = ByteRange(from: valueStart, to: offset)
            case (Key.result, 6):
                let valueStart = offset
                if kind == .object {
                    offset = try scanResult(offset, depth, &scratch)
                } else {
                    offset = try scanner.skipValue(offset, depth: depth, &scratch)
                }
                members.result = kind
                envelope.resultKind = kind
                envelope.result = ByteRange(from: valueStart, to: offset)
            case (Key.error, 5):
                let valueStart = offset
                if kind == .object {
                    offset = try scanError(offset, depth, &scratch)
                } else {
                    offset = try scanner.skipValue(offset, depth: depth, &scratch)
                }
                members.error = kind
                envelope.error = ByteRange(from: valueStart, to: offset)
            default:
                offset = try scanner.skipValue(offset, depth: depth, &scratch)
            }
        }
        envelope.kind = members.kind
        return offset
    }

    private mutating func scanID(
        _ offset: inout Int, _ kind: JSONKind?, _ depth: Int, _ scratch: inout JSONScratch
    ) throws(JSONError) {
        let start = offset
        let isRepeated = members.id != .absent
        envelope.id = nil
        members.id = .invalid
        switch kind {
        case .string:
            let text = try string(&offset, &scratch)
            guard !isRepeated else { return }
            members.id = .valid
            envelope.id = JSONRPCID(
                range: ByteRange(from: start, to: offset), isString: true, isEscaped: text.isEscaped)
        case .number:
            try scanner.countValue(&scratch)
            offset = try scanner.number(offset)
            let range = ByteRange(from: start, to: offset)
            guard !isRepeated, JSONRPCID.isInteger(scanner.bytes[range]) else { return }
            members.id = .valid
            envelope.id = JSONRPCID(range: range, isString: false, isEscaped: false)
        case .null:
            offset = try scanner.skipValue(offset, depth: depth, &scratch)
            if !isRepeated { members.id = .null }
        case .object, .array, .bool, nil:
            offset = try scanner.skipValue(offset, depth: depth, &scratch)
        }
    }

    // MARK: Requests

    private mutating func scanParams(
        _ start: Int, _ depth: Int, _ scratch: inout JSONScratch
    ) throws(JSONError) -> Int {
        let depth = depth &+ 1
        try scanner.countValue(&scratch)
        scratch.openObject()
        var offset = start &+ 1
        var isFirst = true
        while let name = try scanner.nextMember(&offset, isFirst: isFirst, &scratch) {
            isFirst = false
            let valueStart = offset
            switch (name.key, name.length) {
            case (Key.name, 4):
                envelope.name = try textOrNothing(&offset, depth, &scratch)
            case (Key.uri, 3):
                envelope.uri = try textOrNothing(&offset, depth, &scratch)
            case (Key.taskID, 6):
                envelope.taskID = try textOrNothing(&offset, depth, &scratch)
            case (Key.meta, 5):
                envelope.metaKind = JSONKind(firstByte: scanner.byte(offset))
                if envelope.metaKind == .object {
                    offset = try scanMeta(offset, depth, &scratch)
                } else {
                    offset = try scanner.skipValue(offset, depth: depth, &scratch)
                }
                envelope.meta = ByteRange(from: valueStart, to: offset)
            case (Key.arguments, 9) where scratch.equals(name, "arguments", in: scanner.bytes):
                offset = try scanner.skipValue(offset, depth: depth, &scratch)
                envelope.arguments = ByteRange(from: valueStart, to: offset)
            case (Key.protocolVersion, 15) where scratch.equals(name, "protocolVersion", in: scanner.bytes):
                envelope.protocolVersion = try textOrNothing(&offset, depth, &scratch)
            case (Key.requestState, 12) where scratch.equals(name, "requestState", in: scanner.bytes):
                envelope.hasRequestState = true
                envelope.requestState = try textOrNothing(&offset, depth, &scratch)
            case (Key.inputResponses, 14) where scratch.equals(name, "inputResponses", in: scanner.bytes):
                envelope.hasInputResponses = true
                offset = try scanner.skipValue(offset, depth: depth, &scratch)
            default:
                offset = try scanner.skipValue(offset, depth: depth, &scratch)
            }
        }
        return offset
    }

    private mutating func scanMeta(
        _ start: Int, _ depth: Int, _ scratch: inout JSONScratch
    ) throws(JSONError) -> Int {
        let depth = depth &+ 1
        try scanner.countValue(&scratch)
        scratch.openObject()
        var offset = start &+ 1
        var isFirst = true
        while let name = try scanner.nextMember(&offset, isFirst: isFirst, &scratch) {
            isFirst = false
            let kind = JSONKind(firstByte: scanner.byte(offset))
            if name.key == Key.reserved {
                if scratch.equals(name, "io.modelcontextprotocol/protocolVersion", in: scanner.bytes) {
                    envelope.hasMetaProtocolVersion = true
                    envelope.metaProtocolVersion = try textOrNothing(&offset, depth, &scratch)
                    continue
                } else if scratch.equals(name, "io.modelcontextprotocol/clientCapabilities", in: scanner.bytes) {
                    envelope.metaClientCapabilitiesKind = kind
                } else if scratch.equals(name, "io.modelcontextprotocol/clientInfo", in: scanner.bytes) {
                    envelope.metaClientInfoKind = kind
                }
            }
            offset = try scanner.skipValue(offset, depth: depth, &scratch)
        }
        return offset
    }

    // MARK: Answers

    private mutating func scanResult(
        _ start: Int, _ depth: Int, _ scratch: inout JSONScratch
    ) throws(JSONError) -> Int {
        let depth = depth &+ 1
        try scanner.countValue(&scratch)
        scratch.openObject()
        var offset = start &+ 1
        var isFirst = true
        while let name = try scanner.nextMember(&offset, isFirst: isFirst, &scratch) {
            isFirst = false
            switch (name.key, name.length) {
            case (Key.isError, 7):
                envelope.isToolError = scanner.byte(offset) == UInt8(ascii: "t")
                offset = try scanner.skipValue(offset, depth: depth, &scratch)
            case (Key.resultType, 10) where scratch.equals(name, "resultType", in: scanner.bytes):
                envelope.resultType = try textOrNothing(&offset, depth, &scratch)
            case (Key.protocolVersion, 15) where scratch.equals(name, "protocolVersion", in: scanner.bytes):
                envelope.resultProtocolVersion = try textOrNothing(&offset, depth, &scratch)
            default:
                offset = try scanner.skipValue(offset, depth: depth, &scratch)
            }
        }
        return offset
    }

    private mutating func scanError(
        _ start: Int, _ depth: Int, _ scratch: inout JSONScratch
    ) throws(JSONError) -> Int {
        let depth = depth &+ 1
        try scanner.countValue(&scratch)
        scratch.openObject()
        var offset = start &+ 1
        var isFirst = true
        while let name = try scanner.nextMember(&offset, isFirst: isFirst, &scratch) {
            isFirst = false
            let valueStart = offset
            offset = try scanner.skipValue(offset, depth: depth, &scratch)
            if name.key == Key.code, name.length == 4 {
                envelope.errorCode = JSONNumber.int64(scanner.bytes.slice(from: valueStart, to: offset))
            }
        }
        return offset
    }

    // MARK: Values

    /// Reads a string whose quote is at `offset`.
    @inline(__always)
    private func string(_ offset: inout Int, _ scratch: inout JSONScratch) throws(JSONError) -> JSONText {
        try scanner.countValue(&scratch)
        let start = offset &+ 1
        let (end, isEscaped) = try scanner.string(start)
        offset = end &+ 1
        return JSONText(range: ByteRange(from: start, to: end), isEscaped: isEscaped)
    }

    /// Reads a value of any kind; `nil` if it is not text.
    @inline(__always)
    private func textOrNothing(
        _ offset: inout Int, _ depth: Int, _ scratch: inout JSONScratch
    ) throws(JSONError) -> JSONText? {
        if scanner.byte(offset) == UInt8(ascii: "\"") { return try string(&offset, &scratch) }
        offset = try scanner.skipValue(offset, depth: depth, &scratch)
        return nil
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
        static let arguments: UInt64 = 0x746E_656D_7567_7261
        static let protocolVersion: UInt64 = 0x6C6F_636F_746F_7270
        static let requestState: UInt64 = 0x5374_7365_7571_6572
        static let inputResponses: UInt64 = 0x7365_5274_7570_6E69
        static let reserved: UInt64 = 0x6C65_646F_6D2E_6F69
        static let isError: UInt64 = 0x0072_6F72_7245_7369
        static let resultType: UInt64 = 0x7954_746C_7573_6572
        static let code: UInt64 = 0x6564_6F63
    }
}
