import NIOCore
import Wire

/// The answer to an event, as the front that sent it wants it.
struct LambdaAnswer: Equatable {
    /// Status and fields.
    struct Head: Equatable {
        /// 100…599.
        var status: Int
        /// In the order in which they came.
        var fields: [LambdaEvent.Field]

        /// Of an answer that was received. Fields of the connection it came on are left out, and its length, which is that of
        /// the text that Lambda makes of it.
        init(_ received: HTTPReceivedHead) {
            status = received.response.status
            fields = received.response.fields.all.compactMap { field in
                switch field.id {
                case .connection, .contentLength, .transferEncoding, .hopByHop, .upgrade: nil
                default:
                    LambdaEvent.Field(
                        name: received.bytes[field.name].string, value: received.bytes[field.value].string)
                }
            }
        }

        /// A head of one's own making.
        init(status: Int, fields: [LambdaEvent.Field]) {
            self.status = status
            self.fields = fields
        }
    }

    /// Status and fields.
    var head: Head
    /// The body.
    var body: ByteBuffer

    /// An answer that says in JSON-RPC why there is no other.
    static func failure(_ failure: GatewayFailure) -> LambdaAnswer {
        var body = ByteBuffer()
        GatewayErrorBody.write(failure, era: .modern, id: nil, into: &body)
        return LambdaAnswer(
            head: Head(
                status: failure.httpStatus(.modern),
                fields: [LambdaEvent.Field(name: "Content-Type", value: "application/json")]),
            body: body)
    }

    /// The answer as JSON, in the form of the event. A body that is not UTF-8 goes out in Base64.
    func json(_ form: LambdaEvent.Form) -> ByteBuffer {
        var json = ByteBuffer()
        json.reserveCapacity(512 &+ body.readableBytes)
        json.writeStaticString("{")
        head.write(form, into: &json)
        json.writeStaticString(",\"body\":")
        let isText = body.withByteView { bytes in
            let isText = bytes.isValidUTF8
            if isText {
                json.writeJSONString(bytes)
            } else {
                var text: [UInt8] = []
                Base64.encode(bytes, into: &text)
                json.writeJSONString(text)
            }
            return isText
        }
        json.writeStaticString(",\"isBase64Encoded\":")
        json.writeStaticString(isText ? "false}" : "true}")
        return json
    }
}

extension LambdaAnswer.Head {
    /// What stands in front of a body that is streamed: the head as JSON, and eight zero bytes (Lambda, HTTP integration
    /// response).
    func prelude() -> ByteBuffer {
        var prelude = ByteBuffer()
        prelude.writeStaticString("{")
        write(.version2, into: &prelude)
        prelude.writeStaticString("}")
        prelude.writeRepeatingByte(0, count: 8)
        return prelude
    }

    /// Appends the members of the head, without braces around them.
    fileprivate func write(_ form: LambdaEvent.Form, into json: inout ByteBuffer) {
        json.writeStaticString("\"statusCode\":")
        json.writeDecimal(status)
        switch form {
        case .single, .version2:
            json.writeStaticString(",\"headers\":")
            JSONValue.object(joined(withoutCookies: form == .version2)).write(into: &json)
        case .multiple:
            json.writeStaticString(",\"multiValueHeaders\":")
            JSONValue.object(lists()).write(into: &json)
        }
        guard form == .version2 else { return }
        let cookies = fields.filter(\.isSetCookie)
        if !cookies.isEmpty {
            json.writeStaticString(",\"cookies\":")
            JSONValue.array(cookies.map { .string($0.value) }).write(into: &json)
        }
    }

    /// One value per name. Names in lower case, so that two spellings are one.
    private func joined(withoutCookies: Bool) -> JSONObject {
        var object: JSONObject = [:]
        for field in fields where !(withoutCookies && field.isSetCookie) {
            let name = field.name.lowercased()
            // Cookies cannot be joined (RFC 9110 §5.3): where only one fits, it is the last.
            if !field.isSetCookie, let before = object[name]?.stringValue {
                object[name] = .string("\(before), \(field.value)")
            } else {
                object[name] = .string(field.value)
            }
        }
        return object
    }

    private func lists() -> JSONObject {
        var object: JSONObject = [:]
        for field in fields {
            let name = field.name.lowercased()
            object[name] = .array((object[name]?.arrayValue ?? []) + [.string(field.value)])
        }
        return object
    }
}

extension LambdaEvent.Field {
    fileprivate var isSetCookie: Bool { name.lowercased() == "set-cookie" }
}
