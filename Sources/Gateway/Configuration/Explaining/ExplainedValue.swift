/// A value of an effective configuration: as it would be written, and where it came from.
struct ExplainedValue: Sendable {
    /// What is written.
    enum Content: Sendable {
        /// Text, a number or a truth value. YAML must take it for text only if it is some.
        case scalar(String, isText: Bool)
        /// A secret, of which only the reference is written.
        case secret(ExplainedSecret)
        /// Values in a row.
        case list([ExplainedElement])
        /// All keys of a group, in the order of the table, whether they are set or not.
        case group([ExplainedKey])
        /// Groups under names of one's own, in the order of the file.
        case named([ExplainedKey])
    }

    let content: Content
    /// Where it came from.
    let origin: ConfigurationOrigin
    /// What was in the file that it names; nil where that is not a part of the configuration.
    let contents: ExplainedSecret.Mark?

    /// A value that was read from `node`; nil for a default.
    init(_ content: Content, from node: YAMLNode?, contents: ExplainedSecret.Mark? = nil) {
        self.content = content
        self.contents = contents
        origin = node.map { .file($0.position) } ?? .default
    }

    /// Whether nothing of it stands in the file.
    var isDefault: Bool {
        switch content {
        case .scalar, .secret: origin == .default
        case .list(let elements): origin == .default && elements.allSatisfy(\.value.isDefault)
        case .group(let keys), .named(let keys):
            origin == .default && keys.allSatisfy { $0.value?.isDefault ?? true }
        }
    }
}
