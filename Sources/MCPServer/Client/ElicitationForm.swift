import NIOCore
public import Wire

/// A form that a client shows to its user: a flat list of fields (MCP, Elicitation, form mode).
///
/// ```
/// let form: ElicitationForm = [
///     .text("name", title: "Your name"),
///     .integer("age", title: "Age", isRequired: false),
///     .choice("color", from: ["red", "green"], default: "red"),
/// ]
/// ```
///
/// Never ask for a password or a key with a form: send the user to a page (MCP 2025-11-25, Elicitation, URL mode).
public struct ElicitationForm: Hashable, Sendable, ExpressibleByArrayLiteral {
    /// The fields, in the order in which they are shown.
    public var fields: [Field]

    /// A form of these fields.
    public init(_ fields: [Field]) {
        self.fields = fields
    }

    /// A form of these fields.
    public init(arrayLiteral elements: Field...) {
        self.init(elements)
    }

    /// One field.
    public struct Field: Hashable, Sendable {
        /// The name of the answer's member.
        public var name: String
        /// Whether the user must fill it in.
        public var isRequired: Bool
        /// The schema of the value, in the form that 2025-11-25 has.
        let schema: JSONValue
        /// The same for clients of 2025-06-18; `nil` if they cannot show it.
        let olderSchema: JSONValue?

        /// A field whose value has this schema: one of those that `PrimitiveSchemaDefinition` in MCP's schema allows.
        public init(_ name: String, schema: JSONValue, isRequired: Bool = true) {
            self.init(name, schema, older: schema, isRequired)
        }

        private init(_ name: String, _ schema: JSONValue, older: JSONValue?, _ isRequired: Bool) {
            self.name = name
            self.schema = schema
            olderSchema = older
            self.isRequired = isRequired
        }

        /// The formats that texts may have.
        public enum TextFormat: String, Sendable {
            /// An address of electronic mail.
            case email
            /// A URI.
            case uri
            /// A day: `2026-07-28`.
            case date
            /// A time with a day and an offset: `2026-07-28T09:00:00Z`.
            case dateTime = "date-time"
        }

        /// A line of text of `length` characters.
        public static func text(
            _ name: String, title: String? = nil, description: String? = nil, length: ClosedRange<Int>? = nil,
            format: TextFormat? = nil, default: String? = nil, isRequired: Bool = true
        ) -> Field {
            var schema = Field.schema("string", title, description)
            schema["minLength"] = length.map { .integer($0.lowerBound) }
            schema["maxLength"] = length.map { .integer($0.upperBound) }
            schema["format"] = format.map { .string($0.rawValue) }
            schema["default"] = `default`.map { .string($0) }
            return Field(name, schema: .object(schema), isRequired: isRequired)
        }

        /// A whole number.
        public static func integer(
            _ name: String, title: String? = nil, description: String? = nil, range: ClosedRange<Int>? = nil,
            default: Int? = nil, isRequired: Bool = true
        ) -> Field {
            var schema = Field.schema("integer", title, description)
            schema["minimum"] = range.map { .integer($0.lowerBound) }
            schema["maximum"] = range.map { .integer($0.upperBound) }
            schema["default"] = `default`.map { .integer($0) }
            return Field(name, schema: .object(schema), isRequired: isRequired)
        }

        /// A number.
        public static func number(
            _ name: String, title: String? = nil, description: String? = nil, range: ClosedRange<Double>? = nil,
            default: Double? = nil, isRequired: Bool = true
        ) -> Field {
            var schema = Field.schema("number", title, description)
            schema["minimum"] = range.map { .double($0.lowerBound) }
            schema["maximum"] = range.map { .double($0.upperBound) }
            schema["default"] = `default`.map { .double($0) }
            return Field(name, schema: .object(schema), isRequired: isRequired)
        }

        /// Yes or no.
        public static func boolean(
            _ name: String, title: String? = nil, description: String? = nil, default: Bool? = nil,
            isRequired: Bool = true
        ) -> Field {
            var schema = Field.schema("boolean", title, description)
            schema["default"] = `default`.map { .bool($0) }
            return Field(name, schema: .object(schema), isRequired: isRequired)
        }

        /// One of some values, each of which is shown as it is.
        public static func choice(
            _ name: String, title: String? = nil, description: String? = nil, from values: [String],
            default: String? = nil, isRequired: Bool = true
        ) -> Field {
            var schema = Field.schema("string", title, description)
            schema["enum"] = .array(values.map { .string($0) })
            schema["default"] = `default`.map { .string($0) }
            return Field(name, schema: .object(schema), isRequired: isRequired)
        }

        /// One of some values, each of which is shown under a title.
        public static func choice(
            _ name: String, title: String? = nil, description: String? = nil,
            titled values: KeyValuePairs<String, String>,
            default: String? = nil, isRequired: Bool = true
        ) -> Field {
            var schema = Field.schema("string", title, description)
            schema["default"] = `default`.map { .string($0) }
            var older = schema
            schema["oneOf"] = Field.titled(values)
            older["enum"] = .array(values.map { .string($0.key) })
            older["enumNames"] = .array(values.map { .string($0.value) })
            return Field(name, .object(schema), older: .object(older), isRequired)
        }

        /// Some of some values, each of which is shown as it is. Clients from 2025-11-25 on.
        public static func choices(
            _ name: String, title: String? = nil, description: String? = nil, from values: [String],
            count: ClosedRange<Int>? = nil, isRequired: Bool = true
        ) -> Field {
            let items: JSONValue = ["type": "string", "enum": .array(values.map { .string($0) })]
            return Field.choices(name, title, description, items, count, isRequired)
        }

        /// Some of some values, each of which is shown under a title. Clients from 2025-11-25 on.
        public static func choices(
            _ name: String, title: String? = nil, description: String? = nil,
            titled values: KeyValuePairs<String, String>,
            count: ClosedRange<Int>? = nil, isRequired: Bool = true
        ) -> Field {
            Field.choices(name, title, description, ["anyOf": Field.titled(values)], count, isRequired)
        }

        private static func choices(
            _ name: String, _ title: String?, _ description: String?, _ items: JSONValue, _ count: ClosedRange<Int>?,
            _ isRequired: Bool
        ) -> Field {
            var schema = Field.schema("array", title, description)
            schema["minItems"] = count.map { .integer($0.lowerBound) }
            schema["maxItems"] = count.map { .integer($0.upperBound) }
            schema["items"] = items
            return Field(name, .object(schema), older: nil, isRequired)
        }

        private static func schema(_ type: String, _ title: String?, _ description: String?) -> JSONObject {
            var schema: JSONObject = ["type": .string(type)]
            schema["title"] = title.map { .string($0) }
            schema["description"] = description.map { .string($0) }
            return schema
        }

        private static func titled(_ values: KeyValuePairs<String, String>) -> JSONValue {
            .array(values.map { ["const": .string($0.key), "title": .string($0.value)] })
        }
    }

    /// What is wrong with values as an answer; `nil` if nothing is. A form whose schema cannot be used takes anything.
    func complaint(about values: JSONValue) -> String? {
        guard let schema = schema(.v2025_11_25).flatMap({ try? JSONSchema($0) }) else { return nil }
        var json = ByteBuffer()
        json.writeJSON(values)
        return schema.complaint(about: json)
    }

    /// The form as the revision knows it; `nil` if it cannot be shown there.
    func schema(_ version: MCPProtocolVersion) -> JSONValue? {
        var properties = JSONObject()
        for field in fields {
            guard let schema = version >= .v2025_11_25 ? field.schema : field.olderSchema else { return nil }
            properties[field.name] = schema
        }
        return [
            "type": "object", "properties": .object(properties),
            "required": .array(fields.filter(\.isRequired).map { .string($0.name) }),
        ]
    }
}
