import Wire

/// Types whose schemas need no decoding to be known.
protocol Probed: Decodable {
    /// The schema, and a value.
    static func probe(_ probe: TypeProbe) throws(SchemaDerivationError) -> TypeProbe.Found<Self>
}

extension String: Probed {
    static func probe(_ probe: TypeProbe) -> TypeProbe.Found<String> { .init(schema: ["type": "string"], value: "") }
}

extension Bool: Probed {
    static func probe(_ probe: TypeProbe) -> TypeProbe.Found<Bool> { .init(schema: ["type": "boolean"], value: false) }
}

extension Double: Probed {
    static func probe(_ probe: TypeProbe) -> TypeProbe.Found<Double> { .init(schema: ["type": "number"], value: 0) }
}

extension Float: Probed {
    static func probe(_ probe: TypeProbe) -> TypeProbe.Found<Float> { .init(schema: ["type": "number"], value: 0) }
}

extension JSONValue: Probed {
    static func probe(_ probe: TypeProbe) -> TypeProbe.Found<JSONValue> { .init(schema: [:], value: .null) }
}

extension Probed where Self: FixedWidthInteger {
    static func probe(_ probe: TypeProbe) -> TypeProbe.Found<Self> {
        var schema: JSONValue = ["type": "integer"]
        // Bounds of 64 bits would only puzzle a reader; decoding finds what is beyond them.
        if !isSigned || bitWidth < 64 { schema["minimum"] = .integer(min) }
        if bitWidth < 64 { schema["maximum"] = .integer(max) }
        return .init(schema: schema, value: 0)
    }
}

extension Int: Probed {}
extension Int8: Probed {}
extension Int16: Probed {}
extension Int32: Probed {}
extension Int64: Probed {}
extension UInt: Probed {}
extension UInt8: Probed {}
extension UInt16: Probed {}
extension UInt32: Probed {}
extension UInt64: Probed {}

extension Array: Probed where Element: Decodable {
    static func probe(_ probe: TypeProbe) throws(SchemaDerivationError) -> TypeProbe.Found<[Element]> {
        let (items, value) = try probe.schema(of: Element.self)
        return .init(schema: ["type": "array", "items": items], value: value.map { [$0] } ?? [])
    }
}

extension Set: Probed where Element: Decodable {
    static func probe(_ probe: TypeProbe) throws(SchemaDerivationError) -> TypeProbe.Found<Set<Element>> {
        let (items, value) = try probe.schema(of: Element.self)
        return .init(
            schema: ["type": "array", "items": items, "uniqueItems": true], value: value.map { [$0] } ?? [])
    }
}

extension Dictionary: Probed where Key: Decodable, Value: Decodable {
    static func probe(_ probe: TypeProbe) throws(SchemaDerivationError) -> TypeProbe.Found<[Key: Value]> {
        guard Key.self == String.self else {
            throw SchemaDerivationError(Self.self, "its keys are not of type String")
        }
        let values = try probe.schema(of: Value.self).schema
        return .init(schema: ["type": "object", "additionalProperties": values], value: [:])
    }
}

extension Optional: Probed where Wrapped: Decodable {
    static func probe(_ probe: TypeProbe) throws(SchemaDerivationError) -> TypeProbe.Found<Wrapped?> {
        let (schema, value) = try probe.schema(of: Wrapped.self)
        return .init(schema: ["anyOf": [schema, ["type": "null"]]], value: value)
    }
}
