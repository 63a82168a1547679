/// How much of a key works in this version.
enum ConfigurationEffect<Value>: Sendable {
    /// All of it.
    case full
    /// Nothing. The key is accepted with a warning, to which `consequence` is added.
    case none(consequence: String? = nil)
    /// Only the values for which the function is true; `others` says what happens with the rest.
    case only(@Sendable (Value) -> Bool, others: String)

    /// What does not work, as documents say it; nil when all does.
    var limitation: String? {
        switch self {
        case .full: nil
        case .none(let consequence): "no effect yet" + (consequence.map { ": \($0)" } ?? "")
        case .only(_, let others): "in effect in part: else \(others)"
        }
    }

    /// What of a value does nothing in this version, as a phrase; nil when all of it works.
    func limitation(of value: Value) -> String? {
        switch self {
        case .full: nil
        case .none(let consequence): "no effect in this version" + (consequence.map { ": \($0)" } ?? "")
        case .only(let isInEffect, let others): isInEffect(value) ? nil : "no effect in this version: \(others)"
        }
    }
}
