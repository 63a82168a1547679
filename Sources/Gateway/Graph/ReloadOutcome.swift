package import Wire

/// What has become of a configuration that was to take the place of the one in effect.
package enum ReloadOutcome: Sendable {
    /// It is in effect, as far as it can be.
    case applied(Change)
    /// It is the one that is in effect. `waiting`: as in `Change`.
    case unchanged(generation: Int, waiting: [ConfigurationDifference])
    /// It is not in effect, and nothing has changed: all that is wrong with it, one line each.
    case rejected(complaints: [String])

    /// What has changed.
    package struct Change: Sendable {
        /// The generation that began.
        package var generation: Int
        /// What is different from the one before.
        package var differences: [ConfigurationDifference]
        /// What is different from the configuration that the process was started with and takes effect at its next start.
        package var waiting: [ConfigurationDifference]
        /// What began anew although nobody asked for that, for people.
        package var notes: [String] = []
    }

    /// The values of the label `result`.
    package enum Result: String, CaseIterable, Sendable {
        case applied, unchanged, rejected
    }

    /// What it is.
    package var result: Result {
        switch self {
        case .applied: .applied
        case .unchanged: .unchanged
        case .rejected: .rejected
        }
    }

    /// As the admin listener answers.
    package var json: JSONValue {
        func texts(_ differences: [ConfigurationDifference]) -> JSONValue {
            .array(differences.map { .string($0.text) })
        }
        switch self {
        case .applied(let change):
            return [
                "result": .string("applied"), "generation": .integer(change.generation),
                "changes": texts(change.differences), "next_start": texts(change.waiting),
                "notes": .array(change.notes.map { .string($0) }),
            ]
        case .unchanged(let generation, let waiting):
            return [
                "result": .string("unchanged"), "generation": .integer(generation), "next_start": texts(waiting),
            ]
        case .rejected(let complaints):
            return ["result": .string("rejected"), "complaints": .array(complaints.map { .string($0) })]
        }
    }
}
