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
