import Wire

/// Decodes from a JSON value.
struct ValueDecoder: Decoder {
    /// What is decoded.
    let value: JSONValue
    let codingPath: [any CodingKey]
    /// What is decoded when a member is missing, of the type that is being decoded.
    let defaults: [Property]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// The value of `type` that a JSON value stands for. Errors are `DecodingError`s, beside what the type throws itself.
    static func decode<T: Decodable>(
        _ type: T.Type, from value: JSONValue, at path: [any CodingKey] = []
    ) throws -> T {
        if let leaf = type as? any JSONLeaf.Type {
            guard let result = leaf.init(json: value) as? T else {
                throw mismatch(type, leaf.phrase, path)
            }
            return result
        }
        let defaults = (type as? any Described.Type)?.properties.filter { $0.defaultValue != nil } ?? []
        return try T(from: ValueDecoder(value: value, codingPath: path, defaults: defaults))
    }

    private static func mismatch(_ type: Any.Type, _ phrase: String, _ path: [any CodingKey]) -> DecodingError {
        .typeMismatch(type, .init(codingPath: path, debugDescription: "must be \(phrase)"))
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard let members = value.objectValue else { throw Self.mismatch(JSONObject.self, "an object", codingPath) }
        return KeyedDecodingContainer(Keyed(members: members, codingPath: codingPath, defaults: defaults))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let elements = value.arrayValue else {
            throw Self.mismatch([JSONValue].self, "an array", codingPath)
        }
        return Unkeyed(elements: elements, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        Single(value: value, codingPath: codingPath)
    }

    private struct Single: SingleValueDecodingContainer {
        let value: JSONValue
        let codingPath: [any CodingKey]

        func decodeNil() -> Bool { value.isNull }

        func decode<T: Decodable>(_ type: T.Type) throws -> T {
            try ValueDecoder.decode(type, from: value, at: codingPath)
        }
    }

    private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let members: JSONObject
        let codingPath: [any CodingKey]
        let defaults: [Property]
        var allKeys: [Key] { members.compactMap { Key(stringValue: $0.name) } }

        private func value(_ key: Key) -> JSONValue? {
            members[key.stringValue] ?? defaults.first { $0.name == key.stringValue }?.defaultValue
        }

        private func present(_ key: Key) throws -> JSONValue {
            guard let value = value(key) else {
                throw DecodingError.keyNotFound(
                    key, .init(codingPath: codingPath, debugDescription: "\"\(key.stringValue)\" is required"))
            }
            return value
        }

        func contains(_ key: Key) -> Bool { value(key) != nil }

        func decodeNil(forKey key: Key) throws -> Bool { try present(key).isNull }

        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
            try ValueDecoder.decode(type, from: present(key), at: codingPath + [key])
        }

        func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
            guard let value = value(key), !value.isNull else { return nil }
            return try ValueDecoder.decode(type, from: value, at: codingPath + [key])
        }

        private func decoder(_ key: Key) throws -> ValueDecoder {
            ValueDecoder(value: try present(key), codingPath: codingPath + [key], defaults: [])
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<Nested> {
            try decoder(key).container(keyedBy: type)
        }

        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try decoder(key).unkeyedContainer()
        }

        func superDecoder() throws -> any Decoder {
            let value = members["super"] ?? .null
            return ValueDecoder(value: value, codingPath: codingPath, defaults: [])
        }

        func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
    }

    private struct Unkeyed: UnkeyedDecodingContainer {
        let elements: [JSONValue]
        let codingPath: [any CodingKey]
        private(set) var currentIndex = 0
        var count: Int? { elements.count }
        var isAtEnd: Bool { currentIndex >= elements.count }

        init(elements: [JSONValue], codingPath: [any CodingKey]) {
            self.elements = elements
            self.codingPath = codingPath
        }

        private var path: [any CodingKey] { codingPath + [ElementKey(index: currentIndex)] }

        private func current() throws -> JSONValue {
            guard currentIndex < elements.count else {
                throw DecodingError.valueNotFound(
                    JSONValue.self, .init(codingPath: path, debugDescription: "is required"))
            }
            return elements[currentIndex]
        }

        mutating func decodeNil() throws -> Bool {
            guard try current().isNull else { return false }
            currentIndex += 1
            return true
        }

        mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
            let value = try ValueDecoder.decode(type, from: current(), at: path)
            currentIndex += 1
            return value
        }

        mutating func superDecoder() throws -> any Decoder {
            let decoder = ValueDecoder(value: try current(), codingPath: path, defaults: [])
            currentIndex += 1
            return decoder
        }

        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type
        ) throws -> KeyedDecodingContainer<Nested> {
            try superDecoder().container(keyedBy: type)
        }

        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
            try superDecoder().unkeyedContainer()
        }
    }
}
