/// What an operator wants of one backend; it holds until the next order or the end of the process.
package enum BackendOrder: String, CaseIterable, Sendable {
    /// No new calls: those in flight end well, and sessions that are open there go on.
    case drain
    /// New calls again.
    case resume
    /// The breaker is open and stays so: no calls at all but those that are in flight.
    case open
    /// The breaker lets everything through, whatever fails.
    case close
    /// The breaker decides by itself again, and begins closed.
    case reset
}
