/// A configuration as it is in effect: every key with its value, and where each value came from. Made from the table
/// that drives the loader, so that no key can be missing.
package struct ExplainedConfiguration: Sendable {
    /// The name of the file that it was read from.
    package let file: String
    /// The values themselves.
    package let configuration: GatewayConfiguration
    /// The same, as it would be written.
    let value: ExplainedValue

    /// - Parameters:
    ///   - root: the document that the configuration was read from; nil: everything passes for a default.
    init(_ configuration: GatewayConfiguration, file: String, root: YAMLNode?) {
        self.file = file
        self.configuration = configuration
        value = GatewayConfiguration.section.explain(configuration, root)
    }

    /// YAML for people, with the origins as comments and a line end. It loads as an equal configuration.
    package func yaml() -> String {
        ExplainedYAML(self).text
    }

    /// One JSON object for programs, with a line end: `configuration`, as a file would have it; `origins` by key path; and
    /// `withoutEffect`, the key paths of what does nothing in this version.
    package func json() -> String {
        var places = Places(file: file)
        places.note(value, at: "")
        return IndentedJSON.object([
            ("file", .string(file)), ("configuration", value.json), ("origins", .object(places.origins)),
            ("withoutEffect", .array(places.withoutEffect.map { .string($0) })),
        ]).text(indentation: 0) + "\n"
    }

    /// What JSON says beside the values.
    private struct Places {
        let file: String
        var origins: [(String, IndentedJSON)] = []
        var withoutEffect: [String] = []

        mutating func note(_ value: ExplainedValue, at path: String) {
            switch value.content {
            case .scalar, .secret:
                origins.append((path, .string(value.origin.text(file: file))))
            case .list(let elements):
                if elements.isEmpty { origins.append((path, .string(value.origin.text(file: file)))) }
                for (index, element) in elements.enumerated() { note(element.value, at: "\(path)[\(index)]") }
            case .group(let keys), .named(let keys):
                for key in keys {
                    guard let value = key.value else { continue }
                    let path = path.appending(key: key.name)
                    if key.limitation != nil { withoutEffect.append(path) }
                    note(value, at: path)
                }
            }
        }
    }
}

extension ExplainedValue {
    /// The value as JSON; of secrets the reference.
    var json: IndentedJSON {
        switch content {
        case .scalar(let text, let isText): isText ? .string(text) : .literal(text)
        case .secret(let secret): .string(secret.reference.text)
        case .list(let elements): .array(elements.map(\.value.json))
        case .group(let keys), .named(let keys):
            .object(keys.compactMap { key in key.value.map { (key.name, $0.json) } })
        }
    }
}

extension String {
    /// This key path, one key further down.
    func appending(key name: String) -> String {
        self + (isEmpty ? "" : ".") + (name.isPlainName ? name : name.shown)
    }
}
