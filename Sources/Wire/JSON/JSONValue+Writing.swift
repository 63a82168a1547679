public import NIOCore

extension JSONValue {
    /// Appends the value without white space; parsing gives the same value back.
    public func write(into buffer: inout ByteBuffer) {
        switch self {
        case .null:
            buffer.writeStaticString("null")
        case .bool(let value):
            buffer.writeStaticString(value ? "true" : "false")
        case .number(let number):
            buffer.writeString(number.literal)
        case .string(let text):
            buffer.writeJSONString(text)
        case .array(let elements):
            buffer.writeStaticString("[")
            var isFirst = true
            for element in elements {
                if !isFirst { buffer.writeStaticString(",") }
                isFirst = false
                element.write(into: &buffer)
            }
            buffer.writeStaticString("]")
        case .object(let object):
            object.write(into: &buffer)
        }
    }

    /// The value without white space, as UTF-8.
    public var bytes: [UInt8] {
        var buffer = ByteBuffer()
        write(into: &buffer)
        return Array(buffer.readableBytesView)
    }
}

extension JSONObject {
    /// Appends the object without white space.
    public func write(into buffer: inout ByteBuffer) {
        buffer.writeStaticString("{")
        var isFirst = true
        for member in members {
            if !isFirst { buffer.writeStaticString(",") }
            isFirst = false
            buffer.writeJSONString(member.name)
            buffer.writeStaticString(":")
            member.value.write(into: &buffer)
        }
        buffer.writeStaticString("}")
    }
}

extension JSONValue: CustomStringConvertible {
    /// The value as JSON without white space.
    public var description: String { String(decoding: bytes, as: UTF8.self) }
}
