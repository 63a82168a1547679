/// How long one kept answer is good for, and for what.
///
/// ```
/// received ──────── fresh ────────▶ expiry ── stale, while revalidating ──▶ ── stale, on error ──▶ dead
/// ```
///
/// Each stale span counts from the expiry. An answer that is stale is served only for its own key and never past an
/// invalidation (`InvalidationRecord`).
public struct CacheLife: Hashable, Sendable {
    /// When the answer was received.
    public let received: MonotonicTime
    /// Until when the answer is fresh, exclusively.
    public let expiry: MonotonicTime
    /// How long it took to get the answer: those that took long are refreshed earlier.
    public let fetchTime: Duration
    private let spans: StaleSpans

    /// The life of an answer that was received at `received` after `fetchTime`, and that its server calls good for
    /// `timeToLive`; of which a random tenth at most is taken, so that answers of one moment do not end together.
    ///
    /// `min(timeToLive, maximum) * (1 - U(0, 0.1))`. A negative time to live counts as none.
    public init(
        received: MonotonicTime, timeToLive: Duration, maximum: Duration = .seconds(86_400), fetchTime: Duration,
        spans: StaleSpans, random: inout SeededRandom
    ) {
        let longest = max(min(timeToLive, maximum).saturatedNanoseconds, 0)
        let life = longest &- random.nextNanoseconds(below: longest / 10 &+ 1)
        self.init(
            received: received, expiry: received.advanced(byNanoseconds: life), fetchTime: fetchTime, spans: spans)
    }

    /// The life of an answer whose expiry is known, as that of an answer which another gateway has kept.
    public init(received: MonotonicTime, expiry: MonotonicTime, fetchTime: Duration, spans: StaleSpans) {
        self.received = received
        self.expiry = max(expiry, received)
        self.fetchTime = max(fetchTime, .zero)
        self.spans = spans
    }

    /// When the answer is good for nothing any more, so that it need not be kept.
    public var end: MonotonicTime { expiry + max(spans.whileRevalidating, spans.onError, .zero) }

    /// What the answer is good for at `now`.
    public func freshness(at now: MonotonicTime) -> Freshness {
        if now < expiry { return .fresh }
        if now < expiry + spans.whileRevalidating { return .staleWhileRevalidating }
        if now < expiry + spans.onError { return .staleOnError }
        return .dead
    }

    /// How old the answer is at `now`, never negative.
    public func age(at now: MonotonicTime) -> Duration { max(now - received, .zero) }

    /// How long the answer stays fresh from `now` on, never negative.
    public func remaining(at now: MonotonicTime) -> Duration { max(expiry - now, .zero) }

    /// Whether whoever is served a fresh answer at `now` should fetch a new one beside it; the likelier, the nearer the
    /// expiry is and the longer fetching takes, so that of many readers one does it before all have to wait.
    ///
    /// `now - d * b * ln(U) >= expiry`, b = 1 (Vattani, Chierichetti, Lowenstein: "Optimal probabilistic cache stampede
    /// prevention", VLDB 2015). Costs a logarithm only within 37 fetch times of the expiry, which is as far as chance of
    /// 53 bits reaches.
    public func wantsEarlyRefresh(at now: MonotonicTime, eagerness: Double = 1, random: inout SeededRandom) -> Bool {
        let left = (expiry - now).saturatedNanoseconds
        guard left > 0 else { return true }
        let unit = Double(fetchTime.saturatedNanoseconds) * eagerness
        guard unit * 37 >= Double(left) else { return false }
        // In 0 < U <= 1.
        return unit * -naturalLogarithm(1 - random.nextUnit()) >= Double(left)
    }
}

/// The natural logarithm of a finite number above 0, within 10⁻¹³ of it; the same on every machine, which a system's is not.
///
/// The exponent's part, and `2 artanh((m - 1) / (m + 1))` as a series for the significand `m` in √½…√2.
func naturalLogarithm(_ number: Double) -> Double {
    var significand = number.significand
    var exponent = Double(number.exponent)
    if significand > 1.414_213_562_373_095_1 {
        significand /= 2
        exponent += 1
    }
    let ratio = (significand - 1) / (significand + 1)
    let square = ratio * ratio
    var sum = 0.0
    for divisor in stride(from: 17.0, through: 1, by: -2) { sum = sum * square + 1 / divisor }
    return exponent * 0.693_147_180_559_945_3 + 2 * ratio * sum
}
