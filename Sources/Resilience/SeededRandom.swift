/// A small, fast generator of random numbers, entirely determined by its seed; the only source of chance here.
///
/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014): passes BigCrush, has
/// one word of state, takes any seed. Not for secrets.
@frozen
public struct SeededRandom: RandomNumberGenerator, Hashable, Sendable {
    @usableFromInline
    var state: UInt64

    /// The generator that `seed` determines.
    @inlinable
    public init(seed: UInt64) {
        state = seed
    }

    /// The next 64 random bits.
    @inlinable
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// A number in 0..<1, evenly distributed, with 53 random bits.
    @inlinable
    public mutating func nextUnit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// A number in 0..<`limit`, evenly distributed; zero when `limit` is not positive.
    @inlinable
    public mutating func next(below limit: Int) -> Int {
        let bits = next()
        guard limit > 0 else { return 0 }
        return Int(bits.multipliedFullWidth(by: UInt64(limit)).high)
    }

    /// A length of time in 0..<`limit`, evenly distributed; zero when `limit` is not positive.
    @inlinable
    public mutating func nextDuration(below limit: Duration) -> Duration {
        .nanoseconds(nextNanoseconds(below: limit.saturatedNanoseconds))
    }

    /// A count of nanoseconds in 0..<`limit`, evenly distributed; zero when `limit` is not positive.
    @inlinable
    public mutating func nextNanoseconds(below limit: Int64) -> Int64 {
        let bits = next()
        guard limit > 0 else { return 0 }
        return Int64(bits.multipliedFullWidth(by: UInt64(limit)).high)
    }
}
