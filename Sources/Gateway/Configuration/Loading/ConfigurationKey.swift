/// One row of the table: a key, what it may hold, where its value goes, what it means, and whether it does something.
struct ConfigurationKey<Target>: Sendable {
    let name: String
    let kind: ConfigurationKind
    let summary: String
    let isRequired: Bool
    let limitation: String?
    /// The value in `Target` as it would be written in a file; nil when it is absent.
    let text: @Sendable (Target) -> String?
    /// Reads a value into `Target`.
    let read: @Sendable (YAMLEntry, inout Target, inout ConfigurationReader) -> Void
    /// The key with its value in `Target`, and the node that the value was read from; nil for a default.
    let explain: @Sendable (Target, YAMLNode?) -> ExplainedKey

    /// A row.
    ///
    /// - Parameters:
    ///   - name: the key as it stands in the file, `snake_case`.
    ///   - property: where the value goes. What is there before is the default.
    ///   - value: what the key may hold.
    ///   - summary: what it means, for the reference.
    ///   - isRequired: whether there is no default.
    ///   - effect: how much of it works in this version.
    init<Value>(
        _ name: String, _ property: any WritableKeyPath<Target, Value> & Sendable, _ value: ConfigurationValue<Value>,
        _ summary: String, isRequired: Bool = false, effect: ConfigurationEffect<Value> = .full
    ) {
        self.name = name
        self.kind = value.kind
        self.summary = summary
        self.isRequired = isRequired
        limitation = effect.limitation
        text = { target in isRequired ? nil : value.text(target[keyPath: property]) }
        read = { entry, target, reader in
            let current = target[keyPath: property]
            switch effect {
            case .full:
                if let result = value.read(entry.value, current, &reader) { target[keyPath: property] = result }
            case .none(let consequence):
                reader.warnWithoutEffect(consequence, at: entry.position)
                let result = reader.withoutEffect { value.read(entry.value, current, &$0) }
                if let result { target[keyPath: property] = result }
            case .only(let isInEffect, let others):
                guard let result = value.read(entry.value, current, &reader) else { return }
                if !isInEffect(result) { reader.warnWithoutEffect(others, at: entry.value.position) }
                target[keyPath: property] = result
            }
        }
        let absence = summary.firstRange(of: "Absent: ").map { range in
            let phrase = summary[range.upperBound...]
            return String(phrase.hasSuffix(".") ? phrase.dropLast() : phrase)
        }
        explain = { target, node in
            let current = target[keyPath: property]
            return ExplainedKey(
                name: name, value: value.explain(current, node), absence: absence,
                limitation: effect.limitation(of: current))
        }
    }
}

extension ConfigurationReader {
    /// Says that a key is known and does nothing yet; once, not again for the keys inside it.
    fileprivate mutating func warnWithoutEffect(_ consequence: String?, at position: ConfigurationPosition) {
        guard isInEffect else { return }
        warning(
            "is accepted but has no effect in this version" + (consequence.map { ": \($0)" } ?? ""), at: position)
    }
}
