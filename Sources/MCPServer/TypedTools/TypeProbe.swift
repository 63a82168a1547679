import Wire

/// Derives schemas from types: lets a type decode itself from nothing, and writes down what it asks for.
final class TypeProbe {
    /// A schema, and some value of the type that it belongs to.
    struct Found<Value> {
        var schema: JSONValue
        var value: Value
    }

    /// Whether members that are not asked for are refused.
    private let isClosed: Bool
    /// The types that are being decoded, the outermost first.
    private var open: [ObjectIdentifier] = []
    /// The types that hold themselves, and the names by which their schemas are known.
    private var recursive: [ObjectIdentifier: String] = [:]
    private var definitions = JSONObject()

    private init(isClosed: Bool) {
        self.isClosed = isClosed
    }

    /// The schema of arguments: an object with no other members than the properties.
    static func input(_ type: (some Decodable).Type) throws(SchemaDerivationError) -> JSONValue {
        try schema(of: type, isClosed: true)
    }

    /// The schema of a structured result: an object.
    static func output(_ type: (some Decodable).Type) throws(SchemaDerivationError) -> JSONValue {
        try schema(of: type, isClosed: false)
    }

    private static func schema<T: Decodable>(
        of type: T.Type, isClosed: Bool
    ) throws(SchemaDerivationError) -> JSONValue {
        let probe = TypeProbe(isClosed: isClosed)
        var schema = try probe.probe(type).schema
        guard schema["type"] == "object" else { throw SchemaDerivationError(type, "it is not a structure") }
        if !probe.definitions.isEmpty { schema["$defs"] = .object(probe.definitions) }
        return schema
    }

    /// The schema of a type, and a value of it.
    func probe<T: Decodable>(_ type: T.Type) throws(SchemaDerivationError) -> Found<T> {
        var found: (schema: JSONValue, value: Any)?
        if let known = type as? any Probed.Type {
            found = try probe(known: known)
        } else if let cases = type as? any (CaseIterable & RawRepresentable).Type {
            found = try probe(cases: cases)
        }
        if let found, let value = found.value as? T { return Found(schema: found.schema, value: value) }
        return try probe(structure: type)
    }

    /// The schema of a type of which no value is needed, so that it may be one that is being decoded.
    func schema<T: Decodable>(of type: T.Type) throws(SchemaDerivationError) -> (schema: JSONValue, value: T?) {
        let id = ObjectIdentifier(type)
        guard let place = open.firstIndex(of: id) else {
            let found = try probe(type)
            return (found.schema, found.value)
        }
        guard place > 0 else { return (["$ref": "#"], nil) }
        let name = recursive[id] ?? String(describing: type)
        recursive[id] = name
        return (["$ref": .string("#/$defs/\(JSONPointer.escaped(name))")], nil)
    }

    // MARK: Kinds of types

    private func probe<Known: Probed>(
        known type: Known.Type
    ) throws(SchemaDerivationError) -> (schema: JSONValue, value: Any) {
        let found = try type.probe(self)
        return (found.schema, found.value)
    }

    /// `nil` if the cases are neither strings nor integers.
    private func probe<Cases: CaseIterable & RawRepresentable>(
        cases type: Cases.Type
    ) throws(SchemaDerivationError) -> (schema: JSONValue, value: Any)? {
        var values: [JSONValue] = []
        for value in type.allCases {
            switch value.rawValue {
            case let text as String: values.append(.string(text))
            case let number as any BinaryInteger: values.append(.integer(number))
            default: return nil
            }
        }
        guard let first = type.allCases.first, let value = values.first else {
            throw SchemaDerivationError(type, "it has no cases")
        }
        let kind: JSONValue = value.stringValue == nil ? "integer" : "string"
        return (["type": kind, "enum": .array(values)], first)
    }

    private func probe<T: Decodable>(structure type: T.Type) throws(SchemaDerivationError) -> Found<T> {
        let id = ObjectIdentifier(type)
        guard !open.contains(id) else {
            throw SchemaDerivationError(type, "it holds itself, and not in an array, a dictionary or an optional")
        }
        guard open.count < 32 else { throw SchemaDerivationError(type, "it lies too deep") }
        open.append(id)
        defer { open.removeLast() }
        let decoder = ProbeDecoder(self)
        let value: T
        do {
            value = try T(from: decoder)
        } catch let error as SchemaDerivationError {
            throw error
        } catch {
            throw SchemaDerivationError(
                type, "it does not accept just any value (an enumeration must be CaseIterable): \(error)")
        }
        var schema = try described(decoder.shape.schema(isClosed: isClosed), type)
        if let name = recursive[id] {
            definitions[name] = schema
            schema = ["$ref": .string("#/$defs/\(JSONPointer.escaped(name))")]
        }
        return Found(schema: schema, value: value)
    }

    /// The schema with what the type says about its properties.
    private func described(_ schema: JSONValue, _ type: Any.Type) throws(SchemaDerivationError) -> JSONValue {
        guard let described = type as? any Described.Type else { return schema }
        var properties = schema["properties"] ?? [:]
        var required = schema["required"]?.arrayValue ?? []
        for property in described.properties {
            guard var own = properties[property.name]?.objectValue else {
                throw SchemaDerivationError(type, "there is no property \(property.name) to be described")
            }
            for keyword in property.keywords { own[keyword.name] = keyword.value }
            properties[property.name] = .object(own)
            if property.defaultValue != nil { required.removeAll { $0 == .string(property.name) } }
        }
        var schema = schema
        schema["properties"] = properties
        schema["required"] = required.isEmpty ? nil : .array(required)
        return schema
    }
}
