public import NIOCore
import Wire

/// The arguments of a call: the JSON object as it came, looked into by name.
///
/// Nothing is decoded before it is asked for, and a value's text can be had as it came. All lookups take time linear in
/// the size of the arguments. Names compare byte for byte after unescaping.
public struct ToolArguments: Sendable {
    /// The object's text, as it came.
    public let json: ByteBuffer

    /// No arguments: `{}`.
    public init() {
        json = ByteBuffer(string: "{}")
    }

    /// Arguments of which it is known that they are a valid JSON object.
    init(validated json: ByteBuffer) {
        self.json = json
    }

    /// Arguments from a JSON text. Throws what is wrong with it if it is not a JSON object.
    public init(parsing text: String) throws {
        try self.init(parsing: ByteBuffer(string: text))
    }

    /// Arguments from a JSON text. Throws what is wrong with it if it is not a JSON object.
    public init(parsing text: ByteBuffer) throws {
        let value = try text.withByteView { bytes throws(JSONError) in try JSONValue.parse(bytes) }
        guard case .object = value else { throw ToolInputError("arguments must be an object") }
        json = text
    }

    /// The text of the value called `name`, as it came; `nil` if there is none.
    public func value(_ name: StaticString) -> ByteBuffer? {
        json.withByteView { bytes in
            let whole = ByteRange(start: 0, length: bytes.count)
            guard let range = JSONMembers.value(of: name, in: whole, bytes) else { return nil }
            return json.getSlice(at: json.readerIndex &+ Int(range.start), length: range.count)
        }
    }

    /// The string called `name`. Throws `ToolInputError` if it is missing or no string.
    public func string(_ name: StaticString) throws(ToolInputError) -> String {
        guard let value = value(name) else { throw ToolInputError("\"\(name)\" is required") }
        let text = value.withByteView { bytes in
            JSONMembers.text(ByteRange(start: 0, length: bytes.count), bytes).map {
                String(decoding: $0.unescaped(in: bytes), as: UTF8.self)
            }
        }
        guard let text else { throw ToolInputError("\"\(name)\" must be a string") }
        return text
    }

    /// The text of the object called `name`, as it came. Throws `ToolInputError` if it is missing or no object.
    public func object(_ name: StaticString) throws(ToolInputError) -> ByteBuffer {
        guard let value = value(name) else { throw ToolInputError("\"\(name)\" is required") }
        let kind = value.withByteView { JSONMembers.kind(ByteRange(start: 0, length: $0.count), $0) }
        guard kind == .object else { throw ToolInputError("\"\(name)\" must be an object") }
        return value
    }
}
