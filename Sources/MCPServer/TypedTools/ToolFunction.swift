/// A typed tool that is one function.
///
/// ```
/// struct Greeting: ToolInput { var name: String }
///
/// let greet = ToolFunction("greet", "Says hello.") { (input: Greeting, _) in "Hello, \(input.name)!" }
/// ```
public struct ToolFunction<Input: ToolInput, Output: ToolOutput>: TypedTool {
    /// The name by which it is called.
    public let name: String
    /// The name for people.
    public let title: String?
    /// What it does.
    public let description: String
    /// What it does to the world.
    public let annotations: ToolAnnotations
    private let body: @Sendable (Input, CallContext) async throws -> Output

    /// A tool that runs `body`; errors and cancellation as in `Tool`.
    public init(
        _ name: String, _ description: String, title: String? = nil, annotations: ToolAnnotations = ToolAnnotations(),
        _ body: @escaping @Sendable (Input, CallContext) async throws -> Output
    ) {
        self.name = name
        self.title = title
        self.description = description
        self.annotations = annotations
        self.body = body
    }

    /// A tool without arguments.
    public init(
        _ name: String, _ description: String, title: String? = nil, annotations: ToolAnnotations = ToolAnnotations(),
        _ body: @escaping @Sendable (CallContext) async throws -> Output
    ) where Input == NoInput {
        self.init(name, description, title: title, annotations: annotations) { _, context in try await body(context) }
    }

    /// Runs the function.
    public func run(_ input: Input, _ context: CallContext) async throws -> Output {
        try await body(input, context)
    }
}
