import Resilience

/// What is known of a server from earlier probes, so that it need not be found out each time.
enum EraMemory: Hashable, Sendable {
    /// Nothing, or nothing that still holds.
    case unknown
    /// It is asked statelessly; whether it has tools.
    case modern(hasTools: Bool)
    /// It needs a session. Believed for a day only: after an upgrade such a server still opens sessions.
    case legacy(until: MonotonicTime)

    /// How long a server is taken for a legacy one (MCP, "Versioning": such verdicts need an end).
    static let legacyLife = Duration.seconds(86_400)

    /// The same, or `unknown` if it no longer holds at `now`.
    func still(at now: MonotonicTime) -> EraMemory {
        if case .legacy(let until) = self, now >= until { return .unknown }
        return self
    }
}
