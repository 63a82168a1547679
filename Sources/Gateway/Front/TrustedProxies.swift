package import NIOCore
package import Wire

/// The proxies that are believed when they say for whom they ask (`X-Forwarded-For`, `X-Forwarded-Proto`).
package struct TrustedProxies: Sendable {
    private let ranges: [IPRange]

    /// The proxies in `ranges`.
    package init(_ ranges: [IPRange]) {
        self.ranges = ranges
    }

    /// Whether nobody is trusted.
    package var isEmpty: Bool { ranges.isEmpty }

    /// Whether a connection from `address` is one of a trusted proxy.
    package func trusts(_ address: SocketAddress?) -> Bool {
        guard !ranges.isEmpty, let bytes = address?.ipBytes else { return false }
        return trusts(bytes)
    }

    /// The address for which a trusted proxy has sent this head, 4 or 16 bytes: the last one in `X-Forwarded-For` that is
    /// none of a trusted proxy itself, since what stands before it was said by somebody who is not trusted. `nil` if the
    /// field does not say.
    package func client(of head: HTTPReceivedHead) -> [UInt8]? {
        var client: [UInt8]?
        for element in TrustedProxies.elements(of: head).reversed() {
            guard let bytes = TrustedProxies.address(in: element) else { return client }
            client = bytes
            if !trusts(bytes) { return client }
        }
        return client
    }

    /// What a backend is told of a request that a trusted proxy at `own` has sent: the addresses that the proxy knows, its
    /// own, and whether the client used TLS towards it.
    package func fields(for head: HTTPReceivedHead, from own: String) -> [UInt8] {
        var fields = Array("X-Forwarded-For: ".utf8)
        for element in TrustedProxies.elements(of: head) {
            fields.append(contentsOf: element.raw)
            fields.append(contentsOf: ", ".utf8)
        }
        let usedTLS = head.request.fields.all.contains {
            $0.id == .forwarding && head.bytes[$0.name].equalsIgnoringCase("x-forwarded-proto")
                && head.bytes[$0.value].equalsIgnoringCase("https")
        }
        fields.append(contentsOf: "\(own)\r\nX-Forwarded-Proto: \(usedTLS ? "https" : "http")\r\n".utf8)
        return fields
    }

    private func trusts(_ bytes: [UInt8]) -> Bool {
        ranges.contains { $0.contains(bytes) }
    }

    private static func elements(of head: HTTPReceivedHead) -> [ByteView] {
        var elements: [ByteView] = []
        for field in head.request.fields.all where field.id == .forwarding {
            guard head.bytes[field.name].equalsIgnoringCase("x-forwarded-for") else { continue }
            var list = HTTPTokenList(head.bytes[field.value])
            while let element = list.next() { elements.append(element) }
        }
        return elements
    }

    /// An address, which some proxies write with a port: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
    private static func address(in element: ByteView) -> [UInt8]? {
        var text = element.string
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            text = String(text[text.index(after: text.startIndex)..<end])
        } else if text.contains("."), text.utf8.count(where: { $0 == UInt8(ascii: ":") }) == 1,
            let colon = text.firstIndex(of: ":")
        {
            text = String(text[..<colon])
        }
        return IPRange.bytes(of: text)?.withoutMapping
    }
}

extension SocketAddress {
    /// The address in network order, 4 or 16 bytes; one of IPv4 in IPv6 as what it is. `nil` for a path.
    var ipBytes: [UInt8]? {
        switch self {
        case .v4(let address): withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
        case .v6(let address): withUnsafeBytes(of: address.address.sin6_addr) { Array($0).withoutMapping }
        case .unixDomainSocket: nil
        }
    }
}

extension [UInt8] {
    /// The four bytes of an address of IPv4 that is written as one of IPv6 (RFC 4291 §2.5.5.2); others as they are.
    fileprivate var withoutMapping: [UInt8] {
        count == 16 && self[..<12] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] ? Array(self[12...]) : self
    }
}
