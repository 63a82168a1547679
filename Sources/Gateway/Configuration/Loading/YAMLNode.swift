/// A value of a YAML document, as far as a configuration needs it.
struct YAMLNode: Sendable {
    /// What stands there.
    enum Content: Sendable {
        /// Text. Only plain text, the kind without quotes, can also be a number, a truth value or nothing at all.
        case scalar(String, isPlain: Bool)
        /// Values in a row.
        case sequence([YAMLNode])
        /// Values with names, in the order of the file; repeated names are still there.
        case mapping([YAMLEntry])
        /// Something that YAML allows and a configuration does not; why.
        case unusable(String)
    }

    let content: Content
    /// Where it begins.
    let position: ConfigurationPosition

    /// The names and values of a mapping; nil for anything else.
    var entries: [YAMLEntry]? {
        guard case .mapping(let entries) = content else { return nil }
        return entries
    }

    /// The values of a sequence; nil for anything else.
    var elements: [YAMLNode]? {
        guard case .sequence(let elements) = content else { return nil }
        return elements
    }

    /// Whether there is nothing after the key (YAML 1.2 §10.3.2: empty, `~`, `null`).
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// Whether the core schema of YAML 1.2 takes this for a truth value or a number, not for text.
    var isPlainLiteral: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        if ["true", "True", "TRUE", "false", "False", "FALSE"].contains(text) { return true }
        guard let first = text.utf8.first else { return false }
        let isNumberStart = first.isASCIIDigit || first == UInt8(ascii: "-") || first == UInt8(ascii: "+")
        return isNumberStart && Double(text) != nil
    }

    /// What stands there, as the end of "…, is".
    var shownKind: String {
        switch content {
        case .scalar(let text, let isPlain):
            isNull ? "empty" : isPlain || text.isEmpty ? text.shown : "text: " + text.shown
        case .sequence: "a list"
        case .mapping: "a group of keys"
        case .unusable: "something else"
        }
    }
}

extension YAMLNode {
    /// A mapping with one name, where only the value of it stands.
    init(name: String, value: YAMLNode) {
        let entry = YAMLEntry(
            name: name, nameProblem: nil, position: value.position, isNameLiteral: false, value: value)
        self.init(content: .mapping([entry]), position: value.position)
    }
}

/// One name of a mapping and its value.
struct YAMLEntry: Sendable {
    /// The name; a question mark when it is not text.
    let name: String
    /// Why the name cannot be one; nil when it can.
    let nameProblem: String?
    /// Where the name begins.
    let position: ConfigurationPosition
    /// Whether YAML takes the name for a truth value, a number or nothing, because it has no quotes.
    let isNameLiteral: Bool
    let value: YAMLNode
}
