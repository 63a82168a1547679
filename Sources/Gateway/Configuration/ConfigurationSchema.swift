/// The JSON Schema (draft 2020-12) of configuration files, for editors. Made from the table that drives the loader.
///
/// It accepts everything that the loader accepts; the loader also checks what a schema cannot say.
package enum ConfigurationSchema {
    /// The schema, indented, with a line end.
    package static func json() -> String {
        var members: [(String, IndentedJSON)] = [
            ("$schema", .string("https://json-schema.org/draft/2020-12/schema")),
            ("title", .string("Configuration of mcp-gateway")),
        ]
        members += object(GatewayConfiguration.section.outline)
        return IndentedJSON.object(members).text(indentation: 0) + "\n"
    }

    private static func object(_ outline: ConfigurationOutline) -> [(String, IndentedJSON)] {
        var members: [(String, IndentedJSON)] = [
            ("type", .string("object")),
            ("additionalProperties", .literal("false")),
            ("properties", .object(outline.rows.map { ($0.name, property($0)) })),
        ]
        let required = outline.rows.filter(\.isRequired).map(\.name)
        if !required.isEmpty { members.append(("required", .array(required.map { .string($0) }))) }
        return members
    }

    private static func property(_ row: ConfigurationOutline.Row) -> IndentedJSON {
        var description = row.summary
        if !row.kind.schemaNote.isEmpty { description += " \(row.kind.schemaNote)." }
        if let limitation = row.limitation { description += " (In this version: \(limitation).)" }
        var members: [(String, IndentedJSON)] = [("description", .string(description))]
        if let text = row.defaultText { members.append(("default", row.kind.defaultJSON(text))) }
        return .object(members + schema(row.kind))
    }

    private static func schema(_ kind: ConfigurationKind) -> [(String, IndentedJSON)] {
        switch kind {
        case .boolean:
            return [("type", .string("boolean"))]
        case .integer(let range):
            return [
                ("type", .string("integer")), ("minimum", .literal("\(range.lowerBound)")),
                ("maximum", .literal("\(range.upperBound)")),
            ]
        case .duration:
            return pattern("^(0|[1-9][0-9]*)(ms|s|m|h)$")
        case .size:
            return pattern("^(0|[1-9][0-9]*)(B|KiB|MiB|GiB)$")
        case .share:
            return pattern(#"^(0|[1-9][0-9]*)(\.[0-9]{1,2})?%$"#)
        case .choice(let words):
            return [("enum", .array(words.map { .string($0) }))]
        case .text(let form):
            return pattern(form.pattern)
        case .either(let kinds):
            return [("anyOf", .array(kinds.map { .object(schema($0)) }))]
        case .list(let element, let count):
            return [
                ("type", .string("array")), ("minItems", .literal("\(count.lowerBound)")),
                ("maxItems", .literal("\(count.upperBound)")), ("items", .object(schema(element))),
            ]
        case .section(let outline):
            return object(outline)
        case .named(let outline, let form, let count):
            return [
                ("type", .string("object")), ("minProperties", .literal("\(count.lowerBound)")),
                ("maxProperties", .literal("\(count.upperBound)")),
                ("propertyNames", .object([("pattern", .string(form.pattern))])),
                ("additionalProperties", .object(object(outline))),
            ]
        }
    }

    private static func pattern(_ pattern: String) -> [(String, IndentedJSON)] {
        [("type", .string("string")), ("pattern", .string(pattern))]
    }
}

extension ConfigurationKind {
    /// The bounds that the schema's own words cannot carry.
    fileprivate var schemaNote: String {
        switch self {
        case .duration, .size, .share, .text: rangeText.prefix(1).uppercased() + rangeText.dropFirst()
        case .boolean, .integer, .choice, .either, .list, .section, .named: ""
        }
    }

    /// A default as JSON.
    fileprivate func defaultJSON(_ text: String) -> IndentedJSON {
        switch self {
        case .boolean, .integer, .list: .literal(text)
        case .duration, .size, .share, .choice, .text, .either, .section, .named: .string(text)
        }
    }
}
