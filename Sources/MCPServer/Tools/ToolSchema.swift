import NIOCore
import Wire

/// A schema of a tool: as it is listed, and as values are checked against it.
struct ToolSchema: Sendable {
    /// The schema.
    let value: JSONValue
    /// Its JSON text, without the white space that makes it readable in a source file.
    let json: ByteBuffer
    /// Whether the root says that only objects match.
    let isOfObjects: Bool
    private let schema: JSONSchema

    /// A schema, compiled. One that cannot be used ends the program with a sentence that says `what` it is.
    init(_ value: JSONValue, _ what: String) {
        guard case .object = value else { preconditionFailure("\(what) is not a JSON object") }
        do throws(JSONSchemaError) {
            schema = try JSONSchema(value)
        } catch {
            preconditionFailure("\(what): \(error)")
        }
        var json = ByteBuffer()
        value.write(into: &json)
        self.value = value
        self.json = json
        isOfObjects = value["type"] == "object"
    }

    /// The schema that a JSON text spells.
    init(parsing text: String, _ what: String) {
        guard let value = try? JSONValue.parse(text) else { preconditionFailure("\(what) is not JSON") }
        self.init(value, what)
    }

    /// What is wrong with a value; `nil` if it matches.
    func complaint(about json: ByteBuffer) -> String? {
        schema.complaint(about: json)
    }
}
