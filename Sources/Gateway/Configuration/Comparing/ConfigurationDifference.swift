/// One thing that differs between two effective configurations.
package struct ConfigurationDifference: Sendable {
    /// What happened to a key or to an element of a list.
    package enum Change: String, Hashable, Sendable {
        case added, removed, changed
    }

    /// Which key, as `pools.tools.backends[http://10.0.0.11:9000/mcp].weight`: elements of lists go by what tells them
    /// apart, not by their place.
    package let path: String
    /// What happened to it.
    package let change: Change
    /// Its value before; nil when it was added.
    let old: ExplainedValue?
    /// Its value now; nil when it was removed.
    let new: ExplainedValue?
    /// What names the element in `path` already; nil for anything but an element of a list.
    let identity: String?
    /// What it means, where the configurations alone tell, as a phrase; nil where they do not.
    package let meaning: String?
    /// Whether a process that runs does not go by it before its next start.
    package let waitsForStart: Bool

    /// The difference as executables print it: `KEYPATH: changed from 1s (default) to 2s; what it means`.
    package var text: String {
        var text = "\(path): \(change.rawValue)"
        switch (old, new) {
        case (let old?, let new?):
            if old.contents == new.contents || Self.shown(old) != Self.shown(new) {
                text += " from \(Self.shown(old)) to \(Self.shown(new))"
            } else {
                text += ", what is in \(Self.shown(new)) is another"
            }
            if let isSame = isSameSecret { text += isSame ? ", the same secret" : ", another secret" }
        case (let value?, nil), (nil, let value?):
            if let inline = value.inline(without: identity) { text += " \(inline)" }
        case (nil, nil): break
        }
        if let meaning { text += "; \(meaning)" }
        return waitsForStart ? text + "; takes effect at the next start" : text
    }

    /// The same for programs.
    var json: IndentedJSON {
        var members: [(String, IndentedJSON)] = [("path", .string(path)), ("change", .string(change.rawValue))]
        if let old { members.append(("old", old.json)) }
        if let new { members.append(("new", new.json)) }
        if let isSame = isSameSecret { members.append(("isSameSecret", .literal("\(isSame)"))) }
        if let meaning { members.append(("meaning", .string(meaning))) }
        if waitsForStart { members.append(("nextStart", .literal("true"))) }
        return .object(members)
    }

    /// Whether a secret is only kept elsewhere now; nil when it is no secret, or when that is not known.
    private var isSameSecret: Bool? {
        guard case .secret(let old) = old?.content, case .secret(let new) = new?.content, let mark = old.mark,
            let other = new.mark
        else { return nil }
        return mark == other
    }

    private static func shown(_ value: ExplainedValue) -> String {
        (value.inline(without: nil) ?? "nothing") + (value.isDefault ? " (default)" : "")
    }
}

extension ExplainedValue {
    /// The value on one line, in flow style; of groups only what is not the default. Nil when nothing is left.
    ///
    /// - Parameter identity: what need not be said because it stands in the key path.
    fileprivate func inline(without identity: String?) -> String? {
        switch content {
        case .scalar(let text, let isText):
            return text == identity ? nil : isText ? YAMLText.scalar(text) : text
        case .secret(let secret):
            return YAMLText.scalar(secret.reference.text)
        case .list(let elements):
            return "[" + elements.compactMap { $0.value.inline(without: nil) }.joined(separator: ", ") + "]"
        case .group(let keys), .named(let keys):
            var identity = identity
            let members = keys.compactMap { key -> String? in
                guard let value = key.value, !value.isDefault else { return nil }
                if case .scalar(let text, _) = value.content, text == identity {
                    identity = nil
                    return nil
                }
                return value.inline(without: nil).map { "\(YAMLText.scalar(key.name)): \($0)" }
            }
            return members.isEmpty ? nil : "{ \(members.joined(separator: ", ")) }"
        }
    }
}
