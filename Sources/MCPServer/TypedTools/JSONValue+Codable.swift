public import Wire

extension JSONValue {
    /// The JSON that an `Encodable` value stands for. Throws what the value's type throws, and `EncodingError` for numbers that
    /// JSON does not have.
    public init(encoding value: some Encodable) throws {
        let draft = ValueEncoder.Draft()
        try ValueEncoder.encode(value, draft, [])
        self = draft.json
    }

    /// The value of `type` that the JSON stands for. Throws `DecodingError`, and what the type throws itself.
    public func decode<T: Decodable>(_ type: T.Type) throws -> T {
        try ValueDecoder.decode(type, from: self)
    }
}

extension JSONValue: Codable {
    /// Reads any value.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .double(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            var object = JSONObject()
            for (name, value) in try container.decode([String: JSONValue].self) { object[name] = value }
            self = .object(object)
        }
    }

    /// Writes the value; an encoder that is not of this package may round numbers.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let number):
            if let value = number.int64 {
                try container.encode(value)
            } else {
                try container.encode(number.double)
            }
        case .string(let text): try container.encode(text)
        case .array(let elements): try container.encode(elements)
        case .object(let object):
            try container.encode(Dictionary(object.map { ($0.name, $0.value) }) { _, last in last })
        }
    }
}
