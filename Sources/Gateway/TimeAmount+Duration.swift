package import NIOCore

extension TimeAmount {
    /// The same length of time, in whole nanoseconds; what NIO cannot hold (292 years) is cut to what it can.
    package init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflowed) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        self = .nanoseconds(overflow || overflowed ? (seconds < 0 ? .min : .max) : sum)
    }
}

extension Duration {
    /// Whole seconds, rounded up; 0 if it is negative.
    var secondsRoundedUp: Int {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return Int(clamping: seconds &+ (attoseconds > 0 ? 1 : 0))
    }
}
