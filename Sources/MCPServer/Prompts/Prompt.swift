/// A text for models that a client offers its user, with gaps to fill in.
///
/// ```
/// struct Review: Prompt {
///     let definition = PromptDefinition(
///         name: "review", description: "Reviews a change.",
///         arguments: [PromptArgument("change", description: "The change.", isRequired: true)])
///
///     func get(_ call: PromptCall) async throws -> PromptResult {
///         PromptResult([.user("Review this change:\n\(call.arguments["change"] ?? "")")])
///     }
/// }
/// ```
public protocol Prompt: Sendable {
    /// What the server lists. Read once, at the start.
    var definition: PromptDefinition { get }

    /// The messages for these arguments. The server has seen to it that the required ones are there.
    ///
    /// Throws `ToolInputError` for arguments that it cannot work with. Any other error is logged, and the client gets an
    /// internal error.
    func get(_ call: PromptCall) async throws -> PromptResult

    /// Values that the argument called `name` may have and that begin as the user has begun; the best first.
    func complete(_ name: String, _ request: CompletionRequest) async throws -> [String]
}

extension Prompt {
    public func complete(_ name: String, _ request: CompletionRequest) async throws -> [String] { [] }
}

/// What a server says about a prompt in `prompts/list`.
public struct PromptDefinition: Sendable {
    /// The name by which it is asked for; unique in the server.
    public let name: String
    /// The name for people; revisions from 2025-06-18 on.
    public let title: String?
    /// What it is for.
    public let description: String
    /// The gaps.
    public let arguments: [PromptArgument]

    /// A definition.
    public init(name: String, title: String? = nil, description: String, arguments: [PromptArgument] = []) {
        self.name = name
        self.title = title
        self.description = description
        self.arguments = arguments
    }
}

/// A gap in a prompt.
public struct PromptArgument: Sendable {
    /// The name under which the client gives it.
    public let name: String
    /// The name for people; revisions from 2025-06-18 on.
    public let title: String?
    /// What belongs there.
    public let description: String
    /// Whether the prompt cannot do without.
    public let isRequired: Bool

    /// An argument.
    public init(_ name: String, title: String? = nil, description: String, isRequired: Bool = false) {
        self.name = name
        self.title = title
        self.description = description
        self.isRequired = isRequired
    }
}

/// One request for a prompt.
public struct PromptCall: Sendable {
    /// What the client gave, by name.
    public var arguments: [String: String]
    /// What else can be done with the client.
    public var context: CallContext

    /// A call; made by the server, and by tests of prompts.
    public init(arguments: [String: String], context: CallContext) {
        self.arguments = arguments
        self.context = context
    }
}

/// What a prompt gives.
public struct PromptResult: Sendable {
    /// The messages, in order.
    public var messages: [PromptMessage]

    /// A result.
    public init(_ messages: [PromptMessage]) {
        self.messages = messages
    }
}

/// One message of a prompt.
public struct PromptMessage: Sendable {
    /// Who speaks.
    public enum Role: String, Sendable {
        case user, assistant
    }

    /// Who speaks.
    public var role: Role
    /// What is said.
    public var content: ContentBlock

    /// A message.
    public init(_ role: Role, _ content: ContentBlock) {
        self.role = role
        self.content = content
    }

    /// A text of the user's.
    public static func user(_ text: String) -> PromptMessage { PromptMessage(.user, .text(text)) }
    /// A text of the model's.
    public static func assistant(_ text: String) -> PromptMessage { PromptMessage(.assistant, .text(text)) }
}

/// What a user has typed of an argument, and what is known of the others.
public struct CompletionRequest: Sendable {
    /// What has been typed.
    public var value: String
    /// Arguments that are filled in already; revisions from 2025-06-18 on.
    public var others: [String: String]

    /// A request; made by the server, and by tests.
    public init(value: String, others: [String: String] = [:]) {
        self.value = value
        self.others = others
    }
}
