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
    /// Whole seconds, the next one if there is a fraction.
    var secondsRoundedUp: Int64 {
        let (seconds, attoseconds) = components
        return attoseconds > 0 ? seconds &+ (seconds == .max ? 0 : 1) : seconds
    }
}
