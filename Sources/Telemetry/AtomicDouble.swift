import Synchronization

/// A `Double` that several threads may add to.
final class AtomicDouble: Sendable {
    private let bits = Atomic<UInt64>(0)

    /// The value.
    func load() -> Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    /// Replaces the value.
    func store(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    /// Adds `amount`; repeated until no other thread came between.
    func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, current) = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = current
        }
    }
}
