/// Makes a tree of a text that has been validated: a second walk over the bytes, with the open containers on a stack.
struct JSONTreeBuilder {
    /// A container whose end has not come: where its values and names begin on the stacks.
    private struct Container {
        var isObject: Bool
        var firstValue: Int
        var firstName: Int
    }

    private let scanner: JSONScanner
    private var offset: Int
    private var open: [Container] = []
    /// The finished values of all open containers, those of the innermost last; likewise the names.
    private var values: [JSONValue] = []
    private var names: [String] = []

    /// The tree of `bytes`, which `JSONScanner.validate` has accepted.
    static func build(_ bytes: ByteView) throws(JSONError) -> JSONValue {
        var builder = JSONTreeBuilder(bytes)
        return try builder.build()
    }

    private init(_ bytes: ByteView) {
        scanner = JSONScanner(bytes)
        offset = scanner.skipSpace(0)
    }

    private mutating func build() throws(JSONError) -> JSONValue {
        while true {
            // An empty container is a whole value; others wait on the stack for their elements.
            guard var value = try next() else { continue }
            while let container = open.last {
                values.append(value)
                guard let whole = try end(of: container) else { break }
                value = whole
            }
            if open.isEmpty { return value }
        }
    }

    /// Reads a scalar or an empty container, or opens a container: then `nil`, and its first value is next.
    private mutating func next() throws(JSONError) -> JSONValue? {
        let start = offset
        switch scanner.byte(offset) {
        case UInt8(ascii: "{"):
            offset = scanner.skipSpace(offset &+ 1)
            if isEnd(UInt8(ascii: "}")) { return .object(JSONObject()) }
            try begin(isObject: true)
            return nil
        case UInt8(ascii: "["):
            offset = scanner.skipSpace(offset &+ 1)
            if isEnd(UInt8(ascii: "]")) { return .array([]) }
            try begin(isObject: false)
            return nil
        case UInt8(ascii: "\""):
            return .string(try string())
        case UInt8(ascii: "t"):
            offset = try scanner.literal(offset)
            return .bool(true)
        case UInt8(ascii: "f"):
            offset = try scanner.literal(offset)
            return .bool(false)
        case UInt8(ascii: "n"):
            offset = try scanner.literal(offset)
            return .null
        default:
            offset = try scanner.number(offset)
            return .number(JSONNumber(accepted: scanner.bytes.slice(from: start, to: offset).string))
        }
    }

    private mutating func begin(isObject: Bool) throws(JSONError) {
        open.append(Container(isObject: isObject, firstValue: values.count, firstName: names.count))
        if isObject { names.append(try name()) }
    }

    /// The value of the innermost container if it ends here; else `nil`, and its next value comes.
    private mutating func end(of container: Container) throws(JSONError) -> JSONValue? {
        offset = scanner.skipSpace(offset)
        guard isEnd(container.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
            offset = scanner.skipSpace(offset &+ 1)
            if container.isObject { names.append(try name()) }
            return nil
        }
        open.removeLast()
        // Slices are not kept: a second reference would copy the whole stack when it shrinks.
        let whole: JSONValue
        if container.isObject {
            let members = zip(names[container.firstName...], values[container.firstValue...])
                .map(JSONObject.Member.init)
            names.removeLast(names.count &- container.firstName)
            whole = .object(JSONObject(distinct: members))
        } else {
            whole = .array(Array(values[container.firstValue...]))
        }
        values.removeLast(values.count &- container.firstValue)
        return whole
    }

    private mutating func isEnd(_ byte: UInt8) -> Bool {
        guard scanner.byte(offset) == byte else { return false }
        offset &+= 1
        return true
    }

    /// Reads a name and goes on to its value.
    private mutating func name() throws(JSONError) -> String {
        let name = try string()
        offset = scanner.skipSpace(scanner.skipSpace(offset) &+ 1)
        return name
    }

    private mutating func string() throws(JSONError) -> String {
        let start = offset &+ 1
        let (end, isEscaped) = try scanner.string(start)
        offset = end &+ 1
        let raw = scanner.bytes.slice(from: start, to: end)
        guard isEscaped else { return raw.string }
        let text = JSONText(range: ByteRange(from: start, to: end), isEscaped: true)
        return String(decoding: text.unescaped(in: scanner.bytes), as: UTF8.self)
    }
}
