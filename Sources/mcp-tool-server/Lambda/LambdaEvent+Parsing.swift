import NIOCore
import Wire

extension LambdaEvent {
    /// The request that `json` spells.
    init(parsing json: ByteBuffer) throws(LambdaEventError) {
        let event: JSONValue
        do throws(JSONError) {
            event = try json.withByteView { bytes throws(JSONError) in try JSONValue.parse(bytes) }
        } catch {
            throw LambdaEventError(reason: "not JSON")
        }
        let http = event["requestContext"]?["http"]
        if event["version"] == "2.0" || http?.objectValue != nil {
            try self.init(version2: event, http ?? .null)
        } else {
            try self.init(version1: event)
        }
    }

    private init(version2 event: JSONValue, _ http: JSONValue) throws(LambdaEventError) {
        form = .version2
        method = try LambdaEvent.method(http["method"])
        guard var path = (event["rawPath"] ?? http["path"])?.stringValue else {
            throw LambdaEventError(reason: "it has no rawPath")
        }
        // A stage with a name of its own stands in front of the path that the API knows.
        if let stage = event["requestContext"]?["stage"]?.stringValue, stage != "$default",
            path.hasPrefix("/\(stage)/")
        {
            path.removeFirst(stage.count + 1)
        }
        target = try LambdaEvent.target(path, query: event["rawQueryString"]?.stringValue ?? "")
        fields = try LambdaEvent.fields(event["headers"])
        let cookies = event["cookies"]?.arrayValue?.compactMap(\.stringValue) ?? []
        if !cookies.isEmpty {
            fields.append(try LambdaEvent.field("Cookie", cookies.joined(separator: "; ")))
        }
        body = try LambdaEvent.body(event)
        addHost(event)
    }

    private init(version1 event: JSONValue) throws(LambdaEventError) {
        method = try LambdaEvent.method(event["httpMethod"])
        guard let path = event["path"]?.stringValue else { throw LambdaEventError(reason: "it has no path") }
        // A load balancer gives the query as the client encoded it, API Gateway decodes it.
        let isEncoded = event["requestContext"]?["elb"] != nil
        target = try LambdaEvent.target(path, query: LambdaEvent.query(event, isEncoded: isEncoded))
        if let lists = event["multiValueHeaders"]?.objectValue {
            form = .multiple
            fields = []
            for list in lists {
                for value in list.value.arrayValue ?? [] {
                    guard let text = value.stringValue else {
                        throw LambdaEventError(reason: "a header is no text")
                    }
                    if LambdaEvent.isKept(list.name) { fields.append(try LambdaEvent.field(list.name, text)) }
                }
            }
        } else {
            form = .single
            fields = try LambdaEvent.fields(event["headers"])
        }
        body = try LambdaEvent.body(event)
        addHost(event)
    }

    // MARK: Parts

    private static func method(_ value: JSONValue?) throws(LambdaEventError) -> String {
        guard let method = value?.stringValue else { throw LambdaEventError(reason: "it has no method") }
        // A tunnel, whose answers are no messages.
        guard isToken(method), method.utf8.count <= 32, method != "CONNECT" else {
            throw LambdaEventError(reason: "its method cannot be")
        }
        return method
    }

    private static func target(_ path: String, query: String) throws(LambdaEventError) -> String {
        guard path.utf8.first == UInt8(ascii: "/") else { throw LambdaEventError(reason: "its path has no / in front") }
        let path = encoded(path, also: "?")
        return query.isEmpty ? path : "\(path)?\(encoded(query, also: ""))"
    }

    private static func query(_ event: JSONValue, isEncoded: Bool) -> String {
        var pairs: [String] = []
        func add(_ name: String, _ value: JSONValue) {
            let value = value.stringValue ?? ""
            pairs.append(isEncoded ? "\(name)=\(value)" : "\(encodedPart(name))=\(encodedPart(value))")
        }
        if let lists = event["multiValueQueryStringParameters"]?.objectValue {
            for list in lists {
                for value in list.value.arrayValue ?? [] { add(list.name, value) }
            }
        } else if let values = event["queryStringParameters"]?.objectValue {
            for member in values { add(member.name, member.value) }
        }
        return pairs.joined(separator: "&")
    }

    private static func fields(_ value: JSONValue?) throws(LambdaEventError) -> [Field] {
        var fields: [Field] = []
        for member in value?.objectValue ?? [:] {
            guard let text = member.value.stringValue else { throw LambdaEventError(reason: "a header is no text") }
            if isKept(member.name) { fields.append(try field(member.name, text)) }
        }
        return fields
    }

    private static func field(_ name: String, _ value: String) throws(LambdaEventError) -> Field {
        guard isToken(name) else { throw LambdaEventError(reason: "the name of a header cannot be") }
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            throw LambdaEventError(reason: "the value of a header cannot be")
        }
        return Field(name: name, value: value)
    }

    /// Whether a field reaches through the front: those of one connection do not, and the length is that of the body that
    /// is here.
    private static func isKept(_ name: String) -> Bool {
        switch name.lowercased() {
        case "connection", "content-length", "expect", "http2-settings", "keep-alive", "proxy-connection", "te",
            "trailer",
            "transfer-encoding", "upgrade":
            false
        default: true
        }
    }

    private static func body(_ event: JSONValue) throws(LambdaEventError) -> ByteBuffer? {
        guard let value = event["body"], !value.isNull else { return nil }
        guard let text = value.stringValue else { throw LambdaEventError(reason: "its body is no text") }
        guard event["isBase64Encoded"]?.boolValue == true else { return ByteBuffer(string: text) }
        var text64 = text
        let bytes = text64.withUTF8 { Base64.decode(ByteView(UnsafeRawBufferPointer($0))) }
        guard let bytes else { throw LambdaEventError(reason: "its body is not Base64") }
        return ByteBuffer(bytes: bytes)
    }

    private mutating func addHost(_ event: JSONValue) {
        guard !fields.contains(where: { $0.name.lowercased() == "host" }) else { return }
        let name = event["requestContext"]?["domainName"]?.stringValue ?? ""
        let isName = !name.isEmpty && name.utf8.allSatisfy { LambdaEvent.isUnreserved($0) && $0 != UInt8(ascii: "~") }
        fields.append(Field(name: "Host", value: isName ? name : "lambda"))
    }

    // MARK: Characters

    /// A token (RFC 9110 §5.6.2).
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { isLetterOrDigit($0) || "!#$%&'*+-.^_`|~".utf8.contains($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10
    }

    /// RFC 3986 §2.3.
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || "-._~".utf8.contains(byte)
    }

    /// A part of a query that was decoded, encoded again.
    private static func encodedPart(_ text: String) -> String {
        percentEncoded(Array(text.utf8)) { bytes, offset in isUnreserved(bytes[offset]) }
    }

    /// What may stand in a target stays, escapes that are there already too; the rest and the characters of `also` are
    /// encoded.
    private static func encoded(_ text: String, also: String) -> String {
        percentEncoded(Array(text.utf8)) { bytes, offset in
            let byte = bytes[offset]
            if byte == UInt8(ascii: "%") {
                return bytes.count - offset > 2 && isHex(bytes[offset + 1]) && isHex(bytes[offset + 2])
            }
            return (isUnreserved(byte) || "/?:@!$&'()*+,;=".utf8.contains(byte)) && !also.utf8.contains(byte)
        }
    }

    private static func isHex(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 6 }

    private static func percentEncoded(_ bytes: [UInt8], keeping isKept: ([UInt8], Int) -> Bool) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        for (offset, byte) in bytes.enumerated() {
            if isKept(bytes, offset) {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "%"), digits[Int(byte &>> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
