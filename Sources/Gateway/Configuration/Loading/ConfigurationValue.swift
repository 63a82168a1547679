/// How values of one type are read, written and described.
struct ConfigurationValue<Value>: Sendable {
    /// What it may be, for documents.
    let kind: ConfigurationKind
    /// Reads a value over the one that is there. Complains and returns nil when it is wrong.
    let read: @Sendable (YAMLNode, Value, inout ConfigurationReader) -> Value?
    /// The value as it would be written in a file; nil when it would be left out.
    let text: @Sendable (Value) -> String?
    /// The value for those who ask what is in effect, with the node that it was read from, nil for a default; nil when it
    /// would be left out.
    let explain: @Sendable (Value, YAMLNode?) -> ExplainedValue?

    /// Without `explain`, it is what `text` says.
    init(
        kind: ConfigurationKind, read: @escaping @Sendable (YAMLNode, Value, inout ConfigurationReader) -> Value?,
        text: @escaping @Sendable (Value) -> String?,
        explain: (@Sendable (Value, YAMLNode?) -> ExplainedValue?)? = nil
    ) {
        self.kind = kind
        self.read = read
        self.text = text
        self.explain =
            explain ?? { value, node in
                text(value).map { ExplainedValue(.scalar($0, isText: kind.isText($0)), from: node) }
            }
    }
}

extension ConfigurationValue {
    /// Text without quotes or with them, read by `parse`.
    ///
    /// - Parameters:
    ///   - demand: what a complaint says, as "must be …".
    ///   - parse: what the text means; throws what is wrong with it.
    static func text(
        _ kind: ConfigurationKind, must demand: String,
        parse: @escaping @Sendable (String) throws(ConfigurationTextError) -> Value,
        text: @escaping @Sendable (Value) -> String?
    ) -> Self {
        ConfigurationValue(
            kind: kind,
            read: { node, _, reader in
                guard case .scalar(let scalar, _) = node.content, !node.isNull else {
                    reader.mismatch(node, demand)
                    return nil
                }
                do throws(ConfigurationTextError) {
                    return try parse(scalar)
                } catch {
                    let message = error.message ?? "\(demand), is \(scalar.shown)"
                    reader.problem(message, at: node.position, suggestion: error.suggestion)
                    return nil
                }
            },
            text: text)
    }

    /// A group of keys.
    static func section(_ section: ConfigurationSection<Value>) -> Self {
        ConfigurationValue(
            kind: .section(section.outline),
            read: { node, current, reader in section.read(node, over: current, &reader) },
            text: { _ in nil },
            explain: { value, node in section.explain(value, node) })
    }

    /// The same with one more rule, which complains by itself.
    func checked(
        _ check: @escaping @Sendable (Value, YAMLNode, inout ConfigurationReader) -> Void
    ) -> Self {
        let inner = self
        return ConfigurationValue(
            kind: kind,
            read: { node, current, reader in
                let value = inner.read(node, current, &reader)
                if let value { check(value, node, &reader) }
                return value
            },
            text: text, explain: explain)
    }

    /// Two ways to write the same: short as one text, or long as a group of keys.
    static func short(_ short: Self, orLong long: ConfigurationSection<Value>) -> Self {
        // What the short form says is the value of the key that must be there.
        let name = long.keys.first(where: \.isRequired)?.name
        return ConfigurationValue(
            kind: .either([short.kind, .section(long.outline)]),
            read: { node, current, reader in
                if case .mapping = node.content { return long.read(node, over: current, &reader) }
                return short.read(node, current, &reader)
            },
            text: short.text,
            explain: { value, node in
                guard let node, let name, case .scalar = node.content else { return long.explain(value, node) }
                return long.explain(value, YAMLNode(name: name, value: node))
            })
    }

    /// The same where the absence of the key means something of its own.
    ///
    /// - Parameters:
    ///   - inner: the value that may be absent.
    ///   - initial: what a group of keys begins with.
    static func optional<Wrapped: Sendable>(
        _ inner: ConfigurationValue<Wrapped>, from initial: Wrapped
    ) -> Self where Value == Wrapped? {
        ConfigurationValue(
            kind: inner.kind,
            read: { node, current, reader in inner.read(node, current ?? initial, &reader) },
            text: { $0.flatMap(inner.text) },
            explain: { value, node in value.flatMap { inner.explain($0, node) } })
    }

    /// Values in a row.
    ///
    /// - Parameters:
    ///   - element: one of them.
    ///   - count: how many there may be.
    ///   - initial: what each element begins with.
    ///   - identity: what no two elements may have in common; nil for an element that may be there twice.
    static func list<Element: Sendable>(
        of element: ConfigurationValue<Element>, _ count: ClosedRange<Int>, from initial: Element,
        distinctBy identity: @escaping @Sendable (Element) -> String?
    ) -> Self where Value == [Element] {
        ConfigurationValue(
            kind: .list(element.kind, count),
            read: { node, _, reader in
                guard case .sequence(let nodes) = node.content else {
                    reader.mismatch(node, "must be a list")
                    return nil
                }
                guard count.contains(nodes.count) else {
                    reader.problem(
                        nodes.isEmpty
                            ? "must not be empty"
                            : "must have \(count.lowerBound)…\(count.upperBound) elements, has \(nodes.count)",
                        at: node.position)
                    return nil
                }
                let list = reader.keyPath
                var values: [Element] = []
                var seen: [String: Int] = [:]
                for (index, node) in nodes.enumerated() {
                    reader.descend(to: index) { reader in
                        let problemCount = reader.problems.count
                        guard let value = element.read(node, initial, &reader) else { return }
                        values.append(value)
                        // Elements with the same mistake may look the same.
                        guard reader.problems.count == problemCount, let identity = identity(value) else { return }
                        if let first = seen[identity] {
                            reader.problem("is the same as \(list)[\(first)]", at: node.position)
                        } else {
                            seen[identity] = index
                        }
                    }
                }
                return values.count == nodes.count ? values : nil
            },
            text: { values in
                // Where an empty list is not allowed, it is the value of an absent key.
                if values.isEmpty, count.lowerBound > 0 { return nil }
                return "[" + values.compactMap(element.text).joined(separator: ", ") + "]"
            },
            explain: { values, node in
                if values.isEmpty, count.lowerBound > 0 { return nil }
                let nodes = node?.elements ?? []
                let elements = values.enumerated().compactMap { index, value in
                    element.explain(value, index < nodes.count ? nodes[index] : nil)
                        .map { ExplainedElement(identity: identity(value), value: $0) }
                }
                return ExplainedValue(.list(elements), from: node)
            })
    }
}
