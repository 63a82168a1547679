/// What differs between two effective configurations, in the order of the reference; of each group and list first what has
/// changed or gone, then what has come. The order of pools, backends, rules and whatever else is told apart by name is no
/// difference.
package struct ConfigurationComparison: Sendable {
    /// The names of the files, as executables show them.
    package let oldFile, newFile: String
    /// Empty when both mean the same.
    package private(set) var differences: [ConfigurationDifference] = []

    package init(_ old: ExplainedConfiguration, _ new: ExplainedConfiguration) {
        (oldFile, newFile) = (old.file, new.file)
        compare(old.value.parts(of: Place()), new.value.parts(of: Place()))
    }

    /// One JSON object for programs, with a line end.
    package func json() -> String {
        IndentedJSON.object([
            ("old", .string(oldFile)), ("new", .string(newFile)), ("differences", .array(differences.map(\.json))),
        ]).text(indentation: 0) + "\n"
    }

    /// Where a value stands.
    fileprivate struct Place {
        /// The key path, as people read it.
        var path = ""
        /// The same as the reference has it, without names of one's own: `pools.NAME.backends[]`.
        var pattern = ""
        /// What does nothing in this version there; nil when all works.
        var limitation: String?
    }

    /// A value and what tells it from its siblings.
    fileprivate struct Part {
        let id: String
        let place: Place
        let value: ExplainedValue
        /// Set for elements of lists.
        var identity: String?
    }

    private mutating func compare(_ old: [Part], _ new: [Part]) {
        let newParts = Dictionary(new.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let oldIDs = Set(old.map(\.id))
        for part in old {
            guard let other = newParts[part.id] else {
                note(.removed, part, old: part.value, new: nil)
                continue
            }
            compare(part, other)
        }
        for part in new where !oldIDs.contains(part.id) { note(.added, part, old: nil, new: part.value) }
    }

    private mutating func compare(_ old: Part, _ new: Part) {
        let oldParts = old.value.parts(of: old.place)
        let newParts = new.value.parts(of: new.place)
        if !(oldParts.isEmpty && newParts.isEmpty) { return compare(oldParts, newParts) }
        if !old.value.isSameLeaf(as: new.value) { note(.changed, new, old: old.value, new: new.value) }
    }

    private mutating func note(
        _ change: ConfigurationDifference.Change, _ part: Part, old: ExplainedValue?, new: ExplainedValue?
    ) {
        differences.append(
            ConfigurationDifference(
                path: part.place.path, change: change, old: old, new: new, identity: part.identity,
                meaning: part.place.limitation
                    ?? ConfigurationMeaning.table[part.place.pattern]?.phrase(for: change, old, new),
                // What does nothing need not be waited for.
                waitsForStart: part.place.limitation == nil && ConfigurationMeaning.waitsForStart(part.place.pattern)))
    }
}

extension ExplainedValue {
    /// The keys or elements with a value; none for one that has no parts.
    fileprivate func parts(of place: ConfigurationComparison.Place) -> [ConfigurationComparison.Part] {
        switch content {
        case .scalar, .secret: []
        case .list(let elements): Self.parts(elements, of: place)
        case .group(let keys): keys.compactMap { Self.part($0, of: place, pattern: $0.name) }
        case .named(let keys): keys.compactMap { Self.part($0, of: place, pattern: "NAME") }
        }
    }

    private static func part(
        _ key: ExplainedKey, of place: ConfigurationComparison.Place, pattern: String
    ) -> ConfigurationComparison.Part? {
        guard let value = key.value else { return nil }
        let inner = ConfigurationComparison.Place(
            path: place.path.appending(key: key.name),
            pattern: place.pattern + (place.pattern.isEmpty ? "" : ".") + pattern,
            limitation: place.limitation ?? key.limitation)
        return ConfigurationComparison.Part(id: key.name, place: inner, value: value)
    }

    private static func parts(
        _ elements: [ExplainedElement], of place: ConfigurationComparison.Place
    ) -> [ConfigurationComparison.Part] {
        var counts: [String: Int] = [:]
        return elements.map { element in
            let identity = element.identity ?? element.value.firstText
            // Those that may be there twice are told apart by how many like them came before.
            let count = counts[identity, default: 0]
            counts[identity] = count + 1
            let inner = ConfigurationComparison.Place(
                path: "\(place.path)[\(YAMLText.comment(identity))]", pattern: place.pattern + "[]",
                limitation: place.limitation)
            return ConfigurationComparison.Part(
                id: count == 0 ? identity : "\(identity)#\(count)", place: inner, value: element.value,
                identity: identity)
        }
    }

    /// The first text in it, for a name.
    private var firstText: String {
        switch content {
        case .scalar(let text, _): text
        case .secret(let secret): secret.reference.text
        case .list(let elements): elements.first?.value.firstText ?? ""
        case .group(let keys), .named(let keys): keys.lazy.compactMap(\.value).first?.firstText ?? ""
        }
    }

    /// Whether two values without parts are the same.
    fileprivate func isSameLeaf(as other: Self) -> Bool {
        switch (content, other.content) {
        case (.scalar(let text, _), .scalar(let otherText, _)): text == otherText && contents == other.contents
        case (.secret(let secret), .secret(let otherSecret)):
            secret.reference == otherSecret.reference && secret.mark == otherSecret.mark
        case (.list, .list), (.group, .group), (.named, .named): true
        case (.scalar, _), (.secret, _), (.list, _), (.group, _), (.named, _): false
        }
    }
}
