/// A group of keys without the types behind it: what documents and the schema are made from.
struct ConfigurationOutline: Sendable {
    /// One key.
    struct Row: Sendable {
        let name: String
        let kind: ConfigurationKind
        /// One sentence, or more.
        let summary: String
        let isRequired: Bool
        /// The value when the key is absent, as it would be written; nil when there is none.
        let defaultText: String?
        /// What of it does nothing in this version, as a phrase; nil when all of it works.
        let limitation: String?
    }

    /// The keys, in the order of the documents.
    let rows: [Row]

    /// The groups that this one holds, directly or in others, each after the one that it is in; with their paths, as
    /// `pools.NAME.backends[]`.
    func groups(below path: String = "") -> [(path: String, outline: ConfigurationOutline)] {
        rows.flatMap { row in
            row.kind.groups(at: path.isEmpty ? row.name : "\(path).\(row.name)")
                .flatMap { [$0] + $0.outline.groups(below: $0.path) }
        }
    }

    /// Where a key belongs that stands in the wrong group, as the end of a complaint; empty when it is in none.
    static func groups(with key: String) -> String {
        let paths = homes[key] ?? []
        return paths.isEmpty ? "" : ", it belongs to " + paths.prefix(2).joined(separator: " or ")
    }

    /// The paths of the groups in which each key is.
    private static let homes: [String: [String]] = {
        var homes: [String: [String]] = [:]
        for group in GatewayConfiguration.section.outline.groups() {
            for row in group.outline.rows { homes[row.name, default: []].append(group.path) }
        }
        return homes
    }()
}

extension ConfigurationKind {
    /// The groups of keys that such a value may be.
    fileprivate func groups(at path: String) -> [(path: String, outline: ConfigurationOutline)] {
        switch self {
        case .boolean, .integer, .duration, .size, .share, .choice, .text: []
        case .either(let kinds): kinds.flatMap { $0.groups(at: path) }
        case .list(let element, _): element.groups(at: path + "[]")
        case .section(let outline): [(path, outline)]
        case .named(let outline, _, _): [(path + ".NAME", outline)]
        }
    }
}
