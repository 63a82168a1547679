/// A family of resources whose URIs follow a pattern.
///
/// ```
/// struct Report: ResourceTemplate {
///     let definition = ResourceTemplateDefinition(
///         uriTemplate: "report://{year}/{month}", name: "report", description: "The report of a month.",
///         mimeType: "text/plain")
///
///     func read(_ request: ResourceRequest) async throws -> ResourceContents? {
///         .text("\(request.variables["year"] ?? "") \(request.variables["month"] ?? "")")
///     }
/// }
/// ```
public protocol ResourceTemplate: Sendable {
    /// What the server lists. Read once, at the start.
    var definition: ResourceTemplateDefinition { get }

    /// Reads the resource whose URI has these variables; `nil` if there is none. Errors are logged, and the client gets an
    /// internal error.
    func read(_ request: ResourceRequest) async throws -> ResourceContents?

    /// Values that the variable called `name` may have and that begin as the user has begun; the best first.
    func complete(_ name: String, _ request: CompletionRequest) async throws -> [String]
}

extension ResourceTemplate {
    public func complete(_ name: String, _ request: CompletionRequest) async throws -> [String] { [] }
}

/// What a server says about a family of resources in `resources/templates/list`.
public struct ResourceTemplateDefinition: Sendable {
    /// The pattern: RFC 6570 with `{name}`, which stands for text without a slash, and `{+name}`, for any text.
    public let uriTemplate: String
    /// The programmatic name.
    public let name: String
    /// The name for people; revisions from 2025-06-18 on.
    public let title: String?
    /// What the resources hold.
    public let description: String
    /// The media type of their contents.
    public let mimeType: String
    /// How long what was read may be kept.
    public let cache: CacheHint

    /// A definition. A pattern that cannot be read is a mistake in the program and ends it.
    public init(
        uriTemplate: String, name: String, title: String? = nil, description: String, mimeType: String,
        cache: CacheHint = .none
    ) {
        precondition(URITemplate(uriTemplate) != nil, "\"\(uriTemplate)\" is no template that this server can read")
        self.uriTemplate = uriTemplate
        self.name = name
        self.title = title
        self.description = description
        self.mimeType = mimeType
        self.cache = cache
    }
}

/// One request for a resource of a family.
public struct ResourceRequest: Sendable {
    /// The URI that was asked for.
    public var uri: String
    /// What stands for the pattern's variables in it, percent-decoded.
    public var variables: [String: String]
    /// What else can be done with the client.
    public var context: CallContext

    /// A request; made by the server, and by tests of templates.
    public init(uri: String, variables: [String: String], context: CallContext) {
        self.uri = uri
        self.variables = variables
        self.context = context
    }
}
