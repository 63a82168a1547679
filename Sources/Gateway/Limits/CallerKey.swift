/// Who calls, as a keyed hash: equal for the same credential or address, and nobody can tell that from it.
package struct CallerKey: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    /// Whoever has neither a credential nor an address.
    static let nobody = CallerKey(high: 0, low: 0)
}
