/// A group of keys and the type that they fill.
struct ConfigurationSection<Target>: Sendable {
    /// Where the keys of a group stand, for complaints about several of them.
    struct Places {
        /// The group itself.
        let section: ConfigurationPosition
        fileprivate(set) var keys: [String: ConfigurationPosition] = [:]

        /// The value of a key, else the group.
        subscript(name: String) -> ConfigurationPosition { keys[name] ?? section }

        /// Whether the key is in the file.
        func contains(_ name: String) -> Bool { keys[name] != nil }
    }

    /// The value before anything is read: all defaults.
    let make: @Sendable () -> Target
    /// The rows.
    let keys: [ConfigurationKey<Target>]
    /// The key that is read before the others, which depend on it; otherwise the order is that of the rows.
    let firstKey: String?
    /// Checks what concerns several keys. Only called when each of them is right.
    let finish: @Sendable (inout Target, Places, inout ConfigurationReader) -> Void

    init(
        _ make: @escaping @Sendable () -> Target, _ keys: [ConfigurationKey<Target>],
        readingFirst firstKey: String? = nil,
        finish: @escaping @Sendable (inout Target, Places, inout ConfigurationReader) -> Void = { _, _, _ in }
    ) {
        self.make = make
        self.keys = keys
        self.firstKey = firstKey
        self.finish = finish
    }

    /// The rows for documents.
    var outline: ConfigurationOutline {
        let defaults = make()
        return ConfigurationOutline(
            rows: keys.map { key in
                ConfigurationOutline.Row(
                    name: key.name, kind: key.kind, summary: key.summary, isRequired: key.isRequired,
                    defaultText: key.text(defaults), limitation: key.limitation)
            })
    }

    /// All keys with their values, and where each came from: `node`, or a default where it says nothing of it.
    func explain(_ target: Target, _ node: YAMLNode?) -> ExplainedValue {
        let entries = node?.entries ?? []
        let explained = keys.map { key in key.explain(target, entries.first { $0.name == key.name }?.value) }
        return ExplainedValue(.group(explained), from: node)
    }

    /// Reads a group of keys over what is there already.
    ///
    /// - Returns: nil when it is no group of keys. Other mistakes are only noted, so that all are found.
    func read(_ node: YAMLNode, over current: Target, _ reader: inout ConfigurationReader) -> Target? {
        guard let entries = reader.entries(of: node) else { return nil }
        let problemCount = reader.problems.count
        var target = current
        var places = Places(section: node.position)
        var meant: Set<String> = []
        let indices = Dictionary(uniqueKeysWithValues: keys.enumerated().map { ($1.name, $0) })
        var known = [YAMLEntry?](repeating: nil, count: keys.count)
        for entry in entries {
            if let index = indices[entry.name] {
                known[index] = entry
                continue
            }
            let suggestion = NearestName.find(for: entry.name, among: keys.lazy.map(\.name))
            if let suggestion { meant.insert(suggestion) }
            let home = suggestion == nil ? ConfigurationOutline.groups(with: entry.name) : ""
            reader.descend(to: entry.name) {
                $0.problem("unknown key" + home, at: entry.position, suggestion: suggestion)
            }
        }
        // In the order of the table, so that pools are known when routes name them.
        let rows = zip(keys, known)
        for (key, entry) in rows.filter({ $0.0.name == firstKey }) + rows.filter({ $0.0.name != firstKey }) {
            guard let entry else { continue }
            places.keys[key.name] = entry.value.position
            reader.descend(to: key.name) { key.read(entry, &target, &$0) }
        }
        // A key that was only misspelt is not missing as well.
        for key in keys where key.isRequired && !places.contains(key.name) && !meant.contains(key.name) {
            reader.descend(to: key.name) { $0.problem("is missing", at: node.position) }
        }
        if reader.problems.count == problemCount { finish(&target, places, &reader) }
        return target
    }
}

extension ConfigurationReader {
    /// The names and values of a group of keys, without those that cannot be names and those that are repeated, about
    /// which it complains; nil when the node is no such group.
    mutating func entries(of node: YAMLNode) -> [YAMLEntry]? {
        guard case .mapping(let entries) = node.content else {
            mismatch(node, "must be a group of keys")
            return nil
        }
        var lines: [String: Int] = [:]
        return entries.filter { entry in
            if let message = entry.nameProblem {
                problem(message, at: entry.position)
                return false
            }
            if let line = lines[entry.name] {
                descend(to: entry.name) { $0.problem("is repeated; it is on line \(line) already", at: entry.position) }
                return false
            }
            lines[entry.name] = entry.position.line
            return true
        }
    }

    /// Complains that a value is not what it must be.
    mutating func mismatch(_ node: YAMLNode, _ demand: String, suggestion: String? = nil) {
        if case .unusable(let message) = node.content {
            problem(message, at: node.position)
        } else {
            problem("\(demand), is \(node.shownKind)", at: node.position, suggestion: suggestion)
        }
    }
}
