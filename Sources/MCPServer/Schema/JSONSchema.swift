public import NIOCore
public import Wire

/// A JSON Schema, compiled once, against which values are checked many times (JSON Schema 2020-12).
///
/// All keywords of the core, applicator, unevaluated and validation vocabularies are there. `format` is an annotation, as 2020-12
/// has it, unless the settings say otherwise. References lead to places within the schema and to schemas that it embeds
/// with `$id`; nothing is ever fetched. Numbers are compared by their exact value, strings by their code points.
///
/// Whatever the schema and the value, a check is bounded: in depth, in steps and in the length of what it reports. A
/// value for which the steps do not suffice is refused as too complex.
public struct JSONSchema: Sendable {
    /// What can be chosen.
    public struct Settings: Hashable, Sendable {
        /// Whether strings must be what `format` says, for the formats that are known (`SchemaFormat`).
        public var assertsFormat: Bool

        /// By default formats say nothing about validity (2020-12 Validation §7.2.1).
        public init(assertsFormat: Bool = false) {
            self.assertsFormat = assertsFormat
        }
    }

    /// The schema as it is checked against.
    let compiled: CompiledSchema

    /// Compiles a schema; throws what is wrong with it, and where.
    public init(_ schema: JSONValue, _ settings: Settings = Settings()) throws(JSONSchemaError) {
        compiled = try SchemaCompiler.compile(schema, settings)
    }

    /// Compiles the schema that a JSON text spells; throws what is wrong with it, and where.
    public init(parsing text: String, _ settings: Settings = Settings()) throws(JSONSchemaError) {
        guard let value = try? JSONValue.parse(text) else { throw JSONSchemaError("", "is not JSON") }
        try self.init(value, settings)
    }

    /// Whether the JSON text matches; white space may stand around it. It must be known to be valid JSON.
    public func accepts(_ json: ByteView) -> Bool {
        var check = SchemaCheck(compiled, json, report: nil)
        return check.run()
    }

    /// The first things in which the JSON text does not match, `limit` at most; none if it does. It must be known to be
    /// valid JSON.
    public func violations(in json: ByteView, limit: Int = 5) -> [SchemaViolation] {
        var quick = SchemaCheck(compiled, json, report: nil)
        if quick.run() { return [] }
        // Trying again would only take as long again.
        guard quick.budget > 0 else { return [SchemaViolation(path: "", message: SchemaCheck.complexity)] }
        // Once more, now with an eye on where and why: only what is refused pays for that.
        var check = SchemaCheck(compiled, json, report: SchemaReport(limit: max(limit, 1)))
        _ = check.run()
        return check.report?.violations ?? []
    }

    /// The first things in which the JSON text does not match, `limit` at most; none if it does. It must be known to be
    /// valid JSON.
    public func violations(in json: ByteBuffer, limit: Int = 5) -> [SchemaViolation] {
        json.withByteView { violations(in: $0, limit: limit) }
    }

    /// What is wrong with the JSON text in one line of at most about a thousand bytes; `nil` if nothing is.
    func complaint(about json: ByteBuffer) -> String? {
        let violations = violations(in: json)
        return violations.isEmpty ? nil : violations.map(\.description).joined(separator: "; ")
    }
}
