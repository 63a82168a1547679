/// Whether enough others have seen the same within a span: what one caller alone meets may be that caller's own fault.
///
/// Remembers the last three who have, and when; no more are needed to know whether there were three.
public struct Corroboration: Sendable {
    /// How many there have to be (reliability 1.2, internal errors).
    public static let needed = 3

    private struct Report: Sendable {
        let source: UInt64
        let time: MonotonicTime
    }

    private let span: Duration
    /// The last report of each of the last three sources, the oldest first.
    private var reports: [Report] = []

    /// Nobody has seen anything; reports count for `span`.
    public init(span: Duration) {
        self.span = span
    }

    /// Takes note that `source` has seen it; whether three different ones have, this one included, in the span that ends now.
    public mutating func note(_ source: UInt64, at now: MonotonicTime) -> Bool {
        reports.removeAll { $0.source == source || now - $0.time >= span }
        if reports.count >= Corroboration.needed { reports.removeFirst() }
        reports.append(Report(source: source, time: now))
        return reports.count >= Corroboration.needed
    }
}
