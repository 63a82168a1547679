/// Who may be chosen when few backends of a pool are well.
///
/// The few would be given more than they can do, and would fail too; then even those whose breaker is open are better than
/// nothing. Health checks are believed: a backend that is down is left alone. Ask when a state has changed, not for each
/// call; constant cost.
public struct PanicRule: Hashable, Sendable {
    /// With a smaller share of closed ones among those that are not down there is panic, in percent, 0…100. Default 34: of
    /// three, one is too few.
    public var percent: Int

    /// A rule.
    public init(percent: Int = 34) {
        self.percent = min(max(percent, 0), 100)
    }

    /// Who may be chosen.
    @frozen
    public enum Choice: UInt8, CaseIterable, Sendable {
        /// Those whose breakers are closed, and probes of half open ones.
        case closed
        /// All that are not down, whatever their breakers say.
        case allNotDown
        /// Nobody; one repeatable call per backend and second finds out (`RationedProbe`).
        case nobody
    }

    /// Who may be chosen of a pool of which `notDown` backends are not down, and the breakers of `closed` of these are
    /// closed and none of these is ejected.
    public func choice(closed: Int, notDown: Int) -> Choice {
        guard notDown > 0 else { return .nobody }
        let (few, overflow) = notDown.multipliedReportingOverflow(by: percent)
        let (many, _) = max(closed, 0).multipliedReportingOverflow(by: 100)
        return !overflow && many < few ? .allNotDown : .closed
    }
}
