/// Who calls, as a keyed hash: equal for the same credential or address, and nobody can tell that from it.
package struct CallerKey: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    /// The 16 bytes.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        for word in [high, low] { withUnsafeBytes(of: word.bigEndian) { bytes += $0 } }
        return bytes
    }

    /// Whoever has neither a credential nor an address.
    package static let nobody = CallerKey(high: 0, low: 0)
}
