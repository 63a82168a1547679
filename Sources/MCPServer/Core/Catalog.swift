import Synchronization

/// What a server offers at a time; never changes.
final class Catalog: Sendable {
    let tools: [RegisteredTool]
    let resources: [RegisteredResource]
    let templates: [RegisteredTemplate]
    let prompts: [any Prompt]
    let prepared: PreparedAnswers
    /// Whether a call may run as a task.
    let hasTasks: Bool

    /// Names of tools and prompts and URIs of resources must be unique; anything else ends the process.
    init(
        tools: [RegisteredTool], resources: [RegisteredResource], templates: [RegisteredTemplate],
        prompts: [any Prompt], _ manner: PreparedAnswers.Manner
    ) {
        self.tools = tools
        self.resources = resources
        self.templates = templates
        self.prompts = prompts
        precondition(
            Set(tools.map(\.definition.name)).count == tools.count, "two tools have the same name")
        precondition(
            Set(resources.map(\.definition.uri)).count == resources.count, "two resources have the same URI")
        precondition(Set(prompts.map(\.definition.name)).count == prompts.count, "two prompts have the same name")
        hasTasks = tools.contains { $0.definition.taskSupport != .forbidden }
        prepared = PreparedAnswers(
            manner, tools: tools.map(\.definition), resources: resources.map(\.definition),
            templates: templates.map(\.definition), prompts: prompts.map(\.definition))
    }
}

/// The catalog that is valid now.
final class CatalogBox: Sendable {
    private let catalog: Mutex<Catalog>

    init(_ catalog: Catalog) {
        self.catalog = Mutex(catalog)
    }

    var current: Catalog { catalog.withLock { $0 } }

    /// Puts what `make` makes of the catalog in its place.
    func replace(_ make: (Catalog) -> Catalog) {
        catalog.withLock { $0 = make($0) }
    }
}
