/// A tool whose arguments are a Swift type: its schema is derived from the type, calls are checked against it, and the
/// arguments arrive decoded.
///
/// ```
/// struct Forecast: TypedTool {
///     struct Input: ToolInput {
///         var city: String
///         var days: Int
///         var unit: Unit?
///
///         static var properties: [Property] {
///             Property("city", "The name of the city.").length(1...100)
///             Property("days", "How many days.").range(1...14).default(3)
///         }
///     }
///     enum Unit: String, Codable, CaseIterable { case celsius, fahrenheit }
///     struct Output: StructuredOutput { var degrees: [Double] }
///
///     let name = "forecast"
///     let description = "Tells what the weather will be."
///
///     func run(_ input: Input, _ context: CallContext) async throws -> Output { … }
/// }
/// ```
///
/// A property that is optional, or has a default, need not be given. What is described and is no property of the type, or a
/// type from which no schema can be derived, is a mistake in the program and ends it at the start.
public protocol TypedTool<Input, Output>: Tool {
    /// What callers give.
    associatedtype Input: ToolInput
    /// What they get: a `String`, a `ToolResult`, or a type of one's own that is a `StructuredOutput`.
    associatedtype Output: ToolOutput

    /// The name by which the tool is called: 1 to 128 characters of `A-Z a-z 0-9 _ - .`, unique in the server.
    var name: String { get }
    /// The name for people; `nil` without one.
    var title: String? { get }
    /// What the tool does, for models and people.
    var description: String { get }
    /// What it does to the world; by default nothing is said.
    var annotations: ToolAnnotations { get }
    /// Whether its calls may run as tasks; by default they may not.
    var taskSupport: TaskSupport { get }

    /// Runs the tool; errors and cancellation as in `Tool`.
    func run(_ input: Input, _ context: CallContext) async throws -> Output
}

extension TypedTool {
    /// There is none.
    public var title: String? { nil }

    /// Nothing is said.
    public var annotations: ToolAnnotations { ToolAnnotations() }

    /// They may not.
    public var taskSupport: TaskSupport { .forbidden }

    /// Derived from the types of input and output.
    public var definition: ToolDefinition {
        do throws(SchemaDerivationError) {
            return ToolDefinition(
                name: name, title: title, description: description, inputSchema: try TypeProbe.input(Input.self),
                outputSchema: try Output.outputSchema, annotations: annotations
            ).supportingTasks(taskSupport)
        } catch {
            preconditionFailure("\(name): \(error)")
        }
    }

    /// Decodes the arguments, runs the tool, and encodes what it returns.
    public func run(_ call: ToolCall) async throws -> ToolResult {
        try await run(call.arguments.decode(Input.self), call.context).toolResult
    }
}

/// A typed tool that never waits: it is answered on the event loop that read the call, as a `SynchronousTool` is.
public protocol SynchronousTypedTool<Input, Output>: TypedTool, SynchronousTool {
    /// Runs the tool; errors as in `Tool`.
    func run(_ input: Input, _ context: CallContext) throws -> Output
}

extension SynchronousTypedTool {
    /// Decodes the arguments, runs the tool, and encodes what it returns.
    public func run(_ call: ToolCall) throws -> ToolResult {
        let run: (Input, CallContext) throws -> Output = self.run
        return try run(call.arguments.decode(Input.self), call.context).toolResult
    }
}
