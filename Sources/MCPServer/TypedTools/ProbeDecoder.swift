import Wire

/// Decodes from nothing: gives every type that it knows some value, and notes what was asked for.
struct ProbeDecoder: Decoder {
    /// What a type asks for.
    final class Shape {
        private var properties = JSONObject()
        private var required: [JSONValue] = []
        /// Names that were asked for only if they are there.
        private var optional: Set<String> = []
        /// What a type that is no structure is.
        private var whole: JSONValue?

        /// Notes a member; the first word about it counts.
        func note(_ name: String, _ schema: JSONValue, isRequired: Bool) {
            guard properties[name] == nil else { return }
            properties[name] = schema
            if isRequired, !optional.contains(name) { required.append(.string(name)) }
        }

        /// Notes that a member need not be there.
        func noteOptional(_ name: String) {
            optional.insert(name)
        }

        /// Notes that the type is no structure.
        func note(_ schema: JSONValue) {
            whole = schema
        }

        /// The schema of the type.
        func schema(isClosed: Bool) -> JSONValue {
            if let whole { return whole }
            var schema: JSONValue = ["type": "object", "properties": .object(properties)]
            if !required.isEmpty { schema["required"] = .array(required) }
            if isClosed { schema["additionalProperties"] = false }
            return schema
        }
    }

    /// Who asks.
    let probe: TypeProbe
    /// What has been asked for so far.
    let shape = Shape()
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// A decoder for one type.
    init(_ probe: TypeProbe) {
        self.probe = probe
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Keyed<Key>(probe: probe, shape: shape))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "it decodes itself from an array"))
    }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        Single(probe: probe, shape: shape)
    }

    private struct Single: SingleValueDecodingContainer {
        let probe: TypeProbe
        let shape: Shape
        var codingPath: [any CodingKey] { [] }

        func decodeNil() -> Bool { false }

        func decode<T: Decodable>(_ type: T.Type) throws -> T {
            let found = try probe.probe(type)
            shape.note(found.schema)
            return found.value
        }
    }

    private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let probe: TypeProbe
        let shape: Shape
        var codingPath: [any CodingKey] { [] }
        var allKeys: [Key] { [] }

        /// Whoever asks can do without: this is how optionals of simple types are decoded.
        func contains(_ key: Key) -> Bool {
            shape.noteOptional(key.stringValue)
            return true
        }

        func decodeNil(forKey key: Key) -> Bool { false }

        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
            let found = try probe.probe(type)
            shape.note(key.stringValue, found.schema, isRequired: true)
            return found.value
        }

        func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
            let (schema, value) = try probe.schema(of: type)
            shape.note(key.stringValue, schema, isRequired: false)
            return value
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<Nested> {
            throw unknown(key)
        }

        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            throw unknown(key)
        }

        func superDecoder() throws -> any Decoder {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "it is a subclass"))
        }

        func superDecoder(forKey key: Key) throws -> any Decoder {
            throw unknown(key)
        }

        private func unknown(_ key: Key) -> DecodingError {
            .dataCorruptedError(forKey: key, in: self, debugDescription: "its type cannot be told")
        }
    }
}
