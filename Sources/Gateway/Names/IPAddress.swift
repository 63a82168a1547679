/// An IP address, in the one form that each has.
package struct IPAddress: Hashable, Comparable, Sendable {
    /// 4 or 16 bytes in network order.
    package let bytes: [UInt8]
    /// As it is written: RFC 5952 for IPv6.
    package let text: String

    /// Reads four decimal numbers, or an IPv6 address without zone; nil for anything else.
    package init?(_ text: String) {
        guard let bytes = IPRange.bytes(of: text), let range = IPRange(text) else { return nil }
        self.bytes = bytes
        self.text = range.text
    }

    /// IPv4 comes before IPv6, and then the numbers decide.
    package static func < (left: IPAddress, right: IPAddress) -> Bool {
        left.bytes.count == right.bytes.count
            ? left.bytes.lexicographicallyPrecedes(right.bytes) : left.bytes.count < right.bytes.count
    }
}
