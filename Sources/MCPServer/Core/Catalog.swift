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

    /// Names of tools and prompts and URIs of resources must be unique: throws which of them is not.
    init(
        tools: [RegisteredTool], resources: [RegisteredResource], templates: [RegisteredTemplate],
        prompts: [any Prompt], _ manner: PreparedAnswers.Manner
    ) throws(CatalogError) {
        if let name = Catalog.repeated(tools, \.definition.name) { throw CatalogError(kind: .tool, name: name) }
        if let uri = Catalog.repeated(resources, \.definition.uri) { throw CatalogError(kind: .resource, name: uri) }
        if let name = Catalog.repeated(prompts, \.definition.name) { throw CatalogError(kind: .prompt, name: name) }
        self.tools = tools
        self.resources = resources
        self.templates = templates
        self.prompts = prompts
        hasTasks = tools.contains { $0.definition.taskSupport != .forbidden }
        prepared = PreparedAnswers(
            manner, tools: tools.map(\.definition), resources: resources.map(\.definition),
            templates: templates.map(\.definition), prompts: prompts.map(\.definition))
    }

    /// The first name that two of `things` have.
    private static func repeated<Thing>(_ things: [Thing], _ name: (Thing) -> String) -> String? {
        var known: Set<String> = []
        return things.lazy.map(name).first { !known.insert($0).inserted }
    }
}

/// The catalog that is valid now.
final class CatalogBox: Sendable {
    private let catalog: Mutex<Catalog>

    init(_ catalog: Catalog) {
        self.catalog = Mutex(catalog)
    }

    var current: Catalog { catalog.withLock { $0 } }

    /// Puts what `make` makes of the catalog in its place; leaves it there if that throws.
    func replace(_ make: (Catalog) throws(CatalogError) -> Catalog) throws(CatalogError) {
        try catalog.withLock { catalog throws(CatalogError) in catalog = try make(catalog) }
    }
}
