/// How near the process is to what it cannot go beyond, and what it does about it.
@frozen
public enum OverloadLevel: UInt8, CaseIterable, Comparable, Sendable {
    /// Nothing is to be done.
    case none
    /// From 80 %: no new connections, caches halved.
    case high
    /// From 90 %, or when the event loops lag by more than 250 ms: new calls of the lowest priority are refused, idle
    /// connections closed.
    case critical
    /// From 95 %: nothing more is read from clients.
    case exhausted

    /// The value of the metric label and log key `level`.
    public var label: StaticString {
        switch self {
        case .none: "none"
        case .high: "high"
        case .critical: "critical"
        case .exhausted: "exhausted"
        }
    }

    @inlinable
    public static func < (left: OverloadLevel, right: OverloadLevel) -> Bool { left.rawValue < right.rawValue }
}
