#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Addresses that share their first bits, such as `10.0.0.0/8`; a single one is a range too.
package struct IPRange: Hashable, Sendable {
    /// The address in network order: 4 or 16 bytes, zero after the prefix.
    package let bytes: [UInt8]
    /// How many bits are shared: 0…32 or 0…128.
    package let prefixBitCount: Int

    /// Reads `ADDRESS` or `ADDRESS/BITS` without bits set behind the prefix; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first, let bytes = Self.bytes(of: String(address)) else { return nil }
        var bitCount = bytes.count * 8
        if parts.count == 2 {
            guard let quantity = Quantity(String(parts[1])), quantity.unit.isEmpty, quantity.number <= bitCount else {
                return nil
            }
            bitCount = quantity.number
        }
        for (index, byte) in bytes.enumerated() {
            let shared = min(8, max(0, bitCount - index * 8))
            guard byte & UInt8(truncatingIfNeeded: 0xFF >> shared) == 0 else { return nil }
        }
        self.bytes = bytes
        prefixBitCount = bitCount
    }

    /// Whether an address, 4 or 16 bytes in network order, is in the range.
    package func contains(_ address: [UInt8]) -> Bool {
        guard address.count == bytes.count else { return false }
        for index in bytes.indices {
            let shared = min(8, max(0, prefixBitCount - index * 8))
            let mask = ~UInt8(truncatingIfNeeded: 0xFF >> shared)
            guard address[index] & mask == bytes[index] else { return false }
        }
        return true
    }

    /// The range as it would be written.
    package var text: String {
        var storage = [CChar](repeating: 0, count: 64)
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        _ = inet_ntop(family, bytes, &storage, socklen_t(storage.count))
        let end = storage.firstIndex(of: 0) ?? storage.count
        let address = String(decoding: storage[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return prefixBitCount == bytes.count * 8 ? address : "\(address)/\(prefixBitCount)"
    }

    private init(bytes: [UInt8], prefixBitCount: Int) {
        self.bytes = bytes
        self.prefixBitCount = prefixBitCount
    }

    /// What reading begins with; never part of a configuration.
    static let placeholder = IPRange(bytes: [0, 0, 0, 0], prefixBitCount: 0)

    /// The bytes of an IPv4 address of four decimal numbers, or of an IPv6 address without zone; nil for anything else.
    static func bytes(of text: String) -> [UInt8]? {
        guard text.utf8.count <= 45, !text.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes[..<4]) }
        if inet_pton(AF_INET6, text, &bytes) == 1 { return bytes }
        return nil
    }

    /// Whether a gateway must not be talked into calling this address, 4 or 16 bytes in network order: link-local ones, the
    /// metadata services of clouds, and those that stand for any address of this machine (reliability 10); also as IPv4
    /// inside IPv6, mapped or for NAT64 (RFC 4291 §2.5.5.2, RFC 6052 §2.1). What is in `allowed` may be called.
    static func isForbiddenForBackends(_ address: [UInt8], unlessIn allowed: [IPRange]) -> Bool {
        var forms = [address]
        if embeddings.contains(where: { $0.contains(address) }) { forms.append(Array(address[12...])) }
        guard forms.contains(where: { form in forbidden.contains { $0.contains(form) } }) else { return false }
        return !forms.contains { form in allowed.contains { $0.contains(form) } }
    }

    private static let forbidden = ["169.254.0.0/16", "fe80::/10", "fd00:ec2::254", "0.0.0.0", "::"]
        .compactMap { IPRange($0) }
    private static let embeddings = ["::ffff:0:0/96", "64:ff9b::/96"].compactMap { IPRange($0) }
}

extension ConfigurationValue where Value == [IPRange] {
    /// Networks that the backends of a pool may be in; the URLs that are read after them are judged by them.
    static var allowedAddresses: Self {
        .list(of: .network, 0...100, from: .placeholder, distinctBy: \.text).checked { ranges, _, reader in
            reader.allowedAddresses = ranges
        }
    }
}

extension ConfigurationValue where Value == IPRange {
    /// An address or a network.
    static var network: Self {
        .text(.text(.network), must: "must be an address or a network such as 10.0.0.0/8") {
            text throws(ConfigurationTextError) in
            guard let range = IPRange(text) else { throw ConfigurationTextError() }
            return range
        } text: {
            $0.text
        }
    }
}
