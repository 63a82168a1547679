package import Resilience

/// A kept answer with all that another gateway needs to serve it.
package struct CacheRecord: Hashable, Sendable {
    /// The answer.
    package var answer: CachedAnswer
    /// When it was received, in milliseconds since 1970.
    package var received: Int64
    /// For how long it is fresh from then on.
    package var freshness: Duration
    /// How long it took to get it.
    package var fetchTime: Duration
    /// What the server would know this version of the answer by, at most 65,535 bytes; empty if it does not say. The
    /// protocol has none yet.
    package var validator: [UInt8]

    /// A record of the given parts.
    package init(
        answer: CachedAnswer, received: Int64, freshness: Duration, fetchTime: Duration, validator: [UInt8] = []
    ) {
        self.answer = answer
        self.received = received
        self.freshness = freshness
        self.fetchTime = fetchTime
        self.validator = validator
    }

    /// The life of the answer on this process' clock, which shows `now` when it is `wallClock` milliseconds since 1970.
    ///
    /// An answer from the future, as a gateway whose clock is ahead leaves it, counts as received now.
    package func life(at now: MonotonicTime, wallClock: Int64, spans: StaleSpans) -> CacheLife {
        let (milliseconds, overflow) = wallClock.subtractingReportingOverflow(received)
        let age = Duration.milliseconds(overflow ? (received < 0 ? .max : 0) : max(milliseconds, 0))
        let received = now - age
        return CacheLife(received: received, expiry: received + freshness, fetchTime: fetchTime, spans: spans)
    }
}
