import NIOCore
import Wire

/// The arguments of a tool that a call over HTTP repeats in its head, so that intermediaries can route by them: those
/// whose schema has `x-mcp-header` (MCP 2026-07-28, Streamable HTTP, custom headers from tool parameters).
struct HeaderParameters: Sendable {
    private struct Parameter: Sendable {
        /// Behind `mcp-param-`, in lower case.
        var name: [UInt8]
        /// The names of the properties that lead to the argument.
        var path: [[UInt8]]
    }

    private var parameters: [Parameter] = []

    /// What `schema` annotates. Throws a sentence about an annotation that clients would have to refuse the tool for.
    init(_ schema: JSONValue) throws(SchemaMistake) {
        try collect(schema, [])
    }

    /// What is wrong with a schema.
    struct SchemaMistake: Error {
        var message: String
    }

    private mutating func collect(_ schema: JSONValue, _ path: [[UInt8]]) throws(SchemaMistake) {
        for member in schema.objectValue?.members ?? [] {
            switch member.name {
            case "properties":
                for property in member.value.objectValue?.members ?? [] {
                    try note(property.value, path + [Array(property.name.utf8)])
                    try collect(property.value, path + [Array(property.name.utf8)])
                }
            case "x-mcp-header", "const", "default", "enum", "examples":
                break
            default:
                // Nothing below any other keyword is where the value is for certain.
                guard !HeaderParameters.hasAnnotation(member.value) else {
                    throw SchemaMistake(message: "x-mcp-header below \(member.name)")
                }
            }
        }
    }

    private mutating func note(_ property: JSONValue, _ path: [[UInt8]]) throws(SchemaMistake) {
        guard let annotation = property["x-mcp-header"] else { return }
        guard let name = annotation.stringValue, !name.isEmpty, name.utf8.allSatisfy(HeaderParameters.isTokenByte)
        else {
            throw SchemaMistake(message: "x-mcp-header is no name for a header field")
        }
        guard ["string", "integer", "boolean"].contains(property["type"]?.stringValue) else {
            throw SchemaMistake(message: "x-mcp-header at a property that is no string, integer or boolean")
        }
        let lower = Array(name.lowercased().utf8)
        guard !parameters.contains(where: { $0.name == lower }) else {
            throw SchemaMistake(message: "x-mcp-header \(name) twice")
        }
        parameters.append(Parameter(name: lower, path: path))
    }

    private static func hasAnnotation(_ value: JSONValue) -> Bool {
        switch value {
        case .object(let object):
            object.members.contains { $0.name == "x-mcp-header" || hasAnnotation($0.value) }
        case .array(let elements):
            elements.contains { hasAnnotation($0) }
        case .null, .bool, .number, .string:
            false
        }
    }

    /// RFC 9110 §5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    // MARK: Checking

    /// Whether the fields of a call's head say what its arguments say.
    func match(_ fields: [ParameterField], _ arguments: ByteBuffer) -> Bool {
        arguments.withByteView { bytes in
            parameters.allSatisfy { parameter in
                let named = fields.filter { $0.name == parameter.name }
                guard let value = HeaderParameters.value(at: parameter.path, bytes),
                    JSONMembers.kind(value, bytes) != .null
                else { return named.isEmpty }
                guard let field = named.first, named.count == 1 else { return false }
                let argument = JSONValueRange(kind: JSONMembers.kind(value, bytes), range: value)
                return field.value.withUnsafeBytes {
                    MCPHeaderText.matchesArgument(ByteView($0), argument, in: bytes)
                }
            }
        }
    }

    private static func value(at path: [[UInt8]], _ bytes: ByteView) -> ByteRange? {
        var range = ByteRange(start: 0, length: bytes.count)
        for name in path {
            guard JSONMembers.kind(range, bytes) == .object else { return nil }
            var members = JSONMembers(bytes, in: range)
            var found: ByteRange?
            while found == nil, let member = members.next() {
                let isIt = name.withUnsafeBytes { name in member.name?.equals(ByteView(name), in: bytes) ?? false }
                if isIt { found = member.value }
            }
            guard let found else { return nil }
            range = found
        }
        return range
    }
}

/// A field `Mcp-Param-NAME` of a call's head.
struct ParameterField: Sendable {
    /// Behind `mcp-param-`, in lower case.
    var name: [UInt8]
    /// As it came.
    var value: [UInt8]

    /// Those of a head, in order.
    static func all(in head: HTTPReceivedHead) -> [ParameterField] {
        head.request.fields.all.compactMap { field in
            let name = head.bytes[field.name]
            let prefix: StaticString = "mcp-param-"
            guard field.id == .other, name.slice(from: 0, to: prefix.utf8CodeUnitCount).equalsIgnoringCase(prefix)
            else {
                return nil
            }
            let rest = name.slice(from: prefix.utf8CodeUnitCount, to: name.count).bytes
            return ParameterField(
                name: rest.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, value: head.bytes[field.value].bytes)
        }
    }
}
