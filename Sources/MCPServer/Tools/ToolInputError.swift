/// Arguments that a tool cannot work with.
///
/// Goes to the caller: as a result with `isError` from revision 2025-11-25 on, as error -32602 before.
public struct ToolInputError: Error, Hashable, Sendable {
    /// What is wrong, for models and people.
    public var message: String

    /// An error with this text.
    public init(_ message: String) {
        self.message = message
    }
}
