/// A type that knows more about its properties than their types say.
public protocol Described {
    /// What is said about properties, by their names in JSON; those of which nothing is said are left out.
    @PropertyBuilder static var properties: [Property] { get }
}

extension Described {
    /// Nothing is said.
    public static var properties: [Property] { [] }
}

/// The arguments of a `TypedTool`: a structure whose properties are the arguments.
///
/// Properties may be strings, booleans, numbers, enumerations that are `CaseIterable` and have raw values, arrays, sets,
/// dictionaries with `String` keys, `JSONValue`, optionals of all of these, and structures again. Structures in it may be
/// `Described` too. Arguments that are no properties are refused.
public protocol ToolInput: Decodable, Sendable, Described {}

/// No arguments.
public struct NoInput: ToolInput {
    /// Nothing.
    public init() {}
}
