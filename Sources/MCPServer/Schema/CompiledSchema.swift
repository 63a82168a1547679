/// All schemas of one definition, compiled, and how they hang together.
final class CompiledSchema: Sendable {
    /// The schemas. The first is the whole.
    let nodes: [SchemaNode]
    /// What references lead to.
    let targets: [Int]
    /// The dynamic anchors of each document, and the places of their schemas.
    let dynamicAnchors: [[String: Int]]
    /// Whether it matters through which documents a schema was reached.
    let hasDynamicReferences: Bool

    /// Schemas that hang together.
    init(nodes: [SchemaNode], targets: [Int], dynamicAnchors: [[String: Int]], hasDynamicReferences: Bool) {
        self.nodes = nodes
        self.targets = targets
        self.dynamicAnchors = dynamicAnchors
        self.hasDynamicReferences = hasDynamicReferences
    }

    /// A schema that leads back to itself without going into the value, so that it would never be done; `nil` if none does.
    ///
    /// Dynamic references are not looked through: for those there is the bound on depth.
    func endless() -> Int? {
        var isDone = Array(repeating: false, count: nodes.count)
        var isOpen = isDone
        for start in nodes.indices where !isDone[start] {
            var path: [(node: Int, next: ArraySlice<Int>)] = [(start, neighbours(start)[...])]
            isOpen[start] = true
            while let last = path.last {
                guard let node = path[path.count - 1].next.popFirst() else {
                    isDone[last.node] = true
                    isOpen[last.node] = false
                    path.removeLast()
                    continue
                }
                if isOpen[node] { return node }
                guard !isDone[node] else { continue }
                isOpen[node] = true
                path.append((node, neighbours(node)[...]))
            }
        }
        return nil
    }

    /// The schemas that are applied to the same value.
    private func neighbours(_ index: Int) -> [Int] {
        let node = nodes[index]
        var all = node.object?.properties.compactMap(\.dependent) ?? []
        for other in node.others {
            switch other {
            case .allOf(let list), .anyOf(let list), .oneOf(let list): all += list
            case .not(let one): all.append(one)
            case .condition(let test, let then, let otherwise): all += [test, then, otherwise].compactMap { $0 }
            case .reference(let slot): all.append(targets[slot])
            case .dynamicReference: break
            }
        }
        return all
    }
}
