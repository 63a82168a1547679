public import Wire

/// What a `TypedTool` can return.
public protocol ToolOutput: Sendable {
    /// The schema of the structured content of all results; `nil` if they need not have any.
    static var outputSchema: JSONValue? { get throws(SchemaDerivationError) }

    /// The result that goes out.
    var toolResult: ToolResult { get throws }
}

extension ToolOutput {
    /// There is none.
    public static var outputSchema: JSONValue? { nil }
}

extension String: ToolOutput {
    /// A result of one text.
    public var toolResult: ToolResult { .text(self) }
}

extension ToolResult: ToolOutput {
    /// Itself.
    public var toolResult: ToolResult { self }
}

extension JSONValue: ToolOutput {
    /// A result for programs.
    public var toolResult: ToolResult { .structured(self) }
}

/// A structure as the result of a tool: sent as structured content, with a schema that is derived from the type.
///
/// The rules for its properties are those of `ToolInput`; it is decodable so that the schema can be derived.
public protocol StructuredOutput: ToolOutput, Codable, Described {}

extension StructuredOutput {
    /// Derived from the type.
    public static var outputSchema: JSONValue? {
        get throws(SchemaDerivationError) { try TypeProbe.output(Self.self) }
    }

    /// The structure as structured content.
    public var toolResult: ToolResult {
        get throws { .structured(try JSONValue(encoding: self)) }
    }
}
