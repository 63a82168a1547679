/// A breaker's phase and generation in one machine word, so that many threads can read them with one atomic load.
@frozen
public struct BreakerWord: RawRepresentable, Hashable, Sendable {
    /// The generation in the upper half, the phase in the lowest byte.
    public let rawValue: UInt64

    /// The word that was stored as `rawValue`.
    @inlinable
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The word of a breaker.
    @inlinable
    public init(phase: CircuitBreaker.Phase, generation: UInt32) {
        rawValue = UInt64(generation) << 32 | UInt64(phase.rawValue)
    }

    /// The phase; `open` when the word holds none, because that is the safe one.
    @inlinable
    public var phase: CircuitBreaker.Phase {
        CircuitBreaker.Phase(rawValue: UInt8(truncatingIfNeeded: rawValue)) ?? .open
    }

    /// The generation, which every permit carries.
    @inlinable
    public var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }

    /// Whether the breaker lets everything through without being asked: it is closed or disabled.
    @inlinable
    public var admitsAll: Bool {
        let phase = UInt8(truncatingIfNeeded: rawValue)
        return phase == CircuitBreaker.Phase.closed.rawValue || phase == CircuitBreaker.Phase.disabled.rawValue
    }
}
