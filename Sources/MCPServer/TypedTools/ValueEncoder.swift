import Wire

/// Encodes to a JSON value.
struct ValueEncoder: Encoder {
    /// A value while it is made.
    final class Draft {
        private enum Content {
            case nothing
            case value(JSONValue)
            case members([(name: String, value: Draft)])
            case elements([Draft])
        }

        private var content = Content.nothing

        /// Makes it this value.
        func set(_ value: JSONValue) {
            content = .value(value)
        }

        /// Makes it an object, if it is none.
        func beginObject() {
            if case .members = content { return }
            content = .members([])
        }

        /// Makes it an array, if it is none.
        func beginArray() {
            if case .elements = content { return }
            content = .elements([])
        }

        /// A member, which replaces an earlier one of that name.
        func member(_ name: String) -> Draft {
            guard case .members(var members) = content else { return Draft() }
            content = .nothing
            let draft = Draft()
            members.append((name, draft))
            content = .members(members)
            return draft
        }

        /// A new element.
        func element() -> Draft {
            guard case .elements(var elements) = content else { return Draft() }
            content = .nothing
            let draft = Draft()
            elements.append(draft)
            content = .elements(elements)
            return draft
        }

        /// How many elements there are.
        var count: Int {
            if case .elements(let elements) = content { elements.count } else { 0 }
        }

        /// What was made; an empty object where nothing was.
        var json: JSONValue {
            switch content {
            case .nothing: return [:]
            case .value(let value): return value
            case .elements(let elements): return .array(elements.map(\.json))
            case .members(let members):
                var object = JSONObject()
                for member in members { object[member.name] = member.value.json }
                return .object(object)
            }
        }
    }

    /// Where the value is made.
    let draft: Draft
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// Encodes `value` into `draft`.
    static func encode<T: Encodable>(_ value: T, _ draft: Draft, _ path: [any CodingKey]) throws {
        switch value {
        case let value as JSONValue: draft.set(value)
        case let value as String: draft.set(.string(value))
        case let value as Bool: draft.set(.bool(value))
        case let value as Double: draft.set(try number(value, path))
        // By its own shortest spelling, which is shorter than that of the same value as a `Double`.
        case let value as Float: draft.set(try number(Double(value.description) ?? Double(value), path))
        case let value as any (BinaryInteger & Encodable): draft.set(.integer(value))
        default: try value.encode(to: ValueEncoder(draft: draft, codingPath: path))
        }
    }

    private static func number(_ value: Double, _ path: [any CodingKey]) throws -> JSONValue {
        guard value.isFinite else {
            throw EncodingError.invalidValue(
                value, .init(codingPath: path, debugDescription: "JSON has no number \(value)"))
        }
        return .double(value)
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        draft.beginObject()
        return KeyedEncodingContainer(Keyed(draft: draft, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        draft.beginArray()
        return Unkeyed(draft: draft, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        Single(draft: draft, codingPath: codingPath)
    }

    private struct Single: SingleValueEncodingContainer {
        let draft: Draft
        let codingPath: [any CodingKey]

        func encodeNil() { draft.set(.null) }

        func encode<T: Encodable>(_ value: T) throws { try ValueEncoder.encode(value, draft, codingPath) }
    }

    private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let draft: Draft
        let codingPath: [any CodingKey]

        private func encoder(_ key: any CodingKey) -> ValueEncoder {
            ValueEncoder(draft: draft.member(key.stringValue), codingPath: codingPath + [key])
        }

        func encodeNil(forKey key: Key) { draft.member(key.stringValue).set(.null) }

        func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
            try ValueEncoder.encode(value, draft.member(key.stringValue), codingPath + [key])
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) -> KeyedEncodingContainer<Nested> {
            encoder(key).container(keyedBy: type)
        }

        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
            encoder(key).unkeyedContainer()
        }

        func superEncoder() -> any Encoder {
            ValueEncoder(draft: draft.member("super"), codingPath: codingPath)
        }

        func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }
    }

    private struct Unkeyed: UnkeyedEncodingContainer {
        let draft: Draft
        let codingPath: [any CodingKey]
        var count: Int { draft.count }

        private func encoder() -> ValueEncoder {
            let path = codingPath + [ElementKey(index: count)]
            return ValueEncoder(draft: draft.element(), codingPath: path)
        }

        func encodeNil() { draft.element().set(.null) }

        func encode<T: Encodable>(_ value: T) throws {
            let path = codingPath + [ElementKey(index: count)]
            try ValueEncoder.encode(value, draft.element(), path)
        }

        func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
            encoder().container(keyedBy: type)
        }

        func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder().unkeyedContainer() }

        func superEncoder() -> any Encoder { encoder() }
    }
}
