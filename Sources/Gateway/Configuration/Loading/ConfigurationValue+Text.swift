extension ConfigurationKind.TextForm {
    static let address = Self(
        name: "address", example: "127.0.0.1:8080",
        pattern: #"^(\[[0-9A-Fa-f:.]+\]|[0-9.]+|localhost):(0|[1-9][0-9]{0,4})$"#)
    static let httpURL = Self(
        name: "URL", example: "http://10.0.0.11:9000/mcp", pattern: #"^[Hh][Tt][Tt][Pp]://[^\s/?#@]+(/[^\s?#]*)?$"#)
    static let collectorURL = Self(
        name: "URL", example: "http://collector:4318",
        pattern: #"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#@]+(/[^\s?#]*)?$"#)
    static let redisURL = Self(
        name: "URL", example: "redis://redis:6379",
        pattern:
            #"^([Rr][Ee][Dd][Ii][Ss]{1,2}://[^\s/?#@]+(/[0-9]{0,5})?|[Uu][Nn][Ii][Xx]:/[^?#]+)(\?db=[0-9]{1,5})?$"#)
    static let redisAddress = Self(name: "address", example: "redis-2:6379", pattern: #"^[^\s/?#@]+$"#)
    static let path = Self(name: "path", example: "/mcp", pattern: #"^/[^\s?#]*$"#)
    static let filePath = Self(name: "file", example: "/etc/gw/tls.pem", pattern: #"^[^\u0000-\u001F\u007F]+$"#)
    static let secret = Self(
        name: "secret", example: "env:NAME or file:PATH", pattern: #"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$"#)
    static let origin = Self(
        name: "origin", example: "https://app.example.com", pattern: #"^[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#@]+$"#)
    static let host = Self(name: "host", example: "mcp.example.com", pattern: #"^[^\s/?#@]+$"#)
    static let network = Self(name: "network", example: "10.0.0.0/8", pattern: #"^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$"#)
    static let rate = Self(name: "rate", example: "100/min", pattern: #"^[1-9][0-9]*/(s|min|h)$"#)
    static let name = Self(name: "name", example: "tools", pattern: #"^[A-Za-z][A-Za-z0-9_-]{0,62}$"#)
    static let toolName = Self(name: "tool name", example: "process_data", pattern: #"^[A-Za-z0-9_./-]{1,128}$"#)
    static let word = Self(name: "text", example: "eu-west-1b", pattern: #"^[!-~]{1,64}$"#)
    static let zone = Self(name: "text", example: "eu-west-1b or env:NAME", pattern: #"^[!-~]{1,262}$"#)
    static let percentile = Self(name: "percentile", example: "p95", pattern: #"^p(50|[5-9][0-9])$"#)
}

extension ConfigurationValue where Value == String {
    /// A name of one's own: a letter, then letters, digits, `_` and `-`, at most 63.
    static var name: Self {
        form(.name, "must be a name such as tools (a letter, then letters, digits, _ or -, at most 63)") {
            $0.isPoolName
        }
    }

    /// The name of a pool of the same file.
    static var poolName: Self {
        let name = Self.name
        return ConfigurationValue(
            kind: name.kind,
            read: { node, current, reader in
                guard let name = name.read(node, current, &reader) else { return nil }
                guard reader.poolNames.isEmpty || reader.poolNames.contains(name) else {
                    reader.problem(
                        "no pool is named \(name.shown)", at: node.position,
                        suggestion: NearestName.find(for: name, among: reader.poolNames))
                    return nil
                }
                return name
            },
            text: { $0 })
    }

    /// Printable ASCII without spaces, at most 64 characters.
    static var word: Self {
        form(.word, wordDemand) { $0.isWord }
    }

    /// A word, or `env:NAME` for the word that an environment variable holds: one file may serve gateways in many places.
    static var zone: Self {
        let (word, demand) = (Self.word, wordDemand)
        return ConfigurationValue(
            kind: .text(.zone),
            read: { node, current, reader in
                guard case .scalar(let text, _) = node.content,
                    case .environment(let name)? = Secret.Reference(text)
                else { return word.read(node, current, &reader) }
                guard let value = reader.environment.variables[name] else {
                    reader.problem("environment variable \(name) is not set", at: node.position)
                    return nil
                }
                guard value.isWord else {
                    reader.problem("environment variable \(name) \(demand)", at: node.position)
                    return nil
                }
                return value
            },
            text: { $0 })
    }

    private static var wordDemand: String { "must be 1…64 printable ASCII characters without spaces" }

    /// The path of an HTTP request as it comes on the wire: absolute, characters of RFC 3986 §3.3, no query.
    static var path: Self {
        form(.path, "must be a path such as /mcp, without query") { EndpointURL.isPath($0) }
    }

    /// The name of a file.
    static var filePath: Self {
        form(.filePath, "must be the path of a file") { text in
            (1...4_096).contains(text.utf8.count)
                && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        }
    }

    private static func form(
        _ form: ConfigurationKind.TextForm, _ demand: String, isRight: @escaping @Sendable (String) -> Bool
    ) -> Self {
        .text(.text(form), must: demand) { text throws(ConfigurationTextError) in
            guard isRight(text) else { throw ConfigurationTextError() }
            return text
        } text: {
            $0
        }
    }
}

extension ConfigurationValue where Value == [PoolConfiguration] {
    /// Pools by their names, in the order of the file.
    static func pools(_ count: ClosedRange<Int>) -> Self {
        .named(PoolConfiguration.section, .name, "must be a group of pools by name", count) { entry in
            entry.name.isPoolName
                ? nil
                : "a pool's name must be a letter, then letters, digits, _ or -, at most 63, and not a word like on"
        } read: { entry, reader in
            reader.notePool(entry.name, at: entry.position)
            reader.allowedAddresses = []
            return PoolConfiguration.section.read(
                entry.value, over: PoolConfiguration(name: entry.name, backends: []), &reader)
        } name: {
            $0.name
        }
    }
}

extension ConfigurationValue where Value == [ToolSettings] {
    /// Settings of tools by their names, in the order of the file.
    static var tools: Self {
        .named(ToolSettings.section, .toolName, "must be a group of tools by name", 0...1_000) { entry in
            guard !entry.isNameLiteral else { return "YAML does not take it for text; put it in quotes" }
            let name = entry.name
            let isRight =
                (1...128).contains(name.utf8.count)
                && name.utf8.allSatisfy { $0.isASCIILetterOrDigit || "_./-".utf8.contains($0) }
            return isRight ? nil : "a tool's name must be 1…128 letters, digits, _, -, . or /"
        } read: { entry, reader in
            ToolSettings.section.read(entry.value, over: ToolSettings(name: entry.name), &reader)
        } name: {
            $0.name
        }
    }
}

extension ConfigurationValue {
    /// Groups of keys under names of one's own.
    fileprivate static func named<Element>(
        _ section: ConfigurationSection<Element>, _ form: ConfigurationKind.TextForm, _ demand: String,
        _ count: ClosedRange<Int>, nameProblem: @escaping @Sendable (YAMLEntry) -> String?,
        read: @escaping @Sendable (YAMLEntry, inout ConfigurationReader) -> Element?,
        name: @escaping @Sendable (Element) -> String
    ) -> Self where Value == [Element] {
        ConfigurationValue(
            kind: .named(section.outline, form, count),
            read: { node, _, reader in
                guard case .mapping = node.content else {
                    reader.mismatch(node, demand)
                    return nil
                }
                guard let entries = reader.entries(of: node) else { return nil }
                guard count.contains(entries.count) else {
                    reader.problem(
                        entries.isEmpty
                            ? "must not be empty" : "must be at most \(count.upperBound), are \(entries.count)",
                        at: node.position)
                    return nil
                }
                return entries.compactMap { entry in
                    reader.descend(to: entry.name) { reader in
                        if let message = nameProblem(entry) {
                            reader.problem(message, at: entry.position)
                            return nil
                        }
                        return read(entry, &reader)
                    }
                }
            },
            text: { _ in nil },
            explain: { values, node in
                let nodes = Dictionary(
                    (node?.entries ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
                let groups = values.map { value in
                    ExplainedKey(name: name(value), value: section.explain(value, nodes[name(value)]))
                }
                return ExplainedValue(.named(groups), from: node)
            })
    }
}

extension String {
    fileprivate var isWord: Bool {
        (1...64).contains(utf8.count) && utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// Whether the text can name a pool or a rule. Words that some YAML readers take for truth values cannot.
    var isPoolName: Bool {
        guard let first = utf8.first, first.isASCIILetter, utf8.count <= 63, isPlainName else { return false }
        return !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(lowercased())
    }
}
