/// A template as the server keeps it: its pattern read once.
struct RegisteredTemplate: Sendable {
    let template: any ResourceTemplate
    let definition: ResourceTemplateDefinition
    private let pattern: URITemplate

    init(_ template: any ResourceTemplate) {
        self.template = template
        definition = template.definition
        guard let pattern = URITemplate(definition.uriTemplate) else {
            preconditionFailure("the definition has read the pattern already")
        }
        self.pattern = pattern
    }

    /// What the variables stand for in `uri`, if it belongs to the family.
    func match(_ uri: [UInt8]) -> [String: String]? { pattern.match(uri) }

    /// Whether the pattern has a variable called `name`.
    func hasVariable(_ name: String) -> Bool { pattern.variables.contains(name) }
}
