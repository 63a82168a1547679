/// Where to listen.
package struct SocketAddressSetting: Hashable, Sendable {
    /// An IPv4 or IPv6 address, without brackets.
    package let host: String
    /// 0…65535; with 0 the system picks one.
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// `127.0.0.1:8080` or `[::1]:8080`.
    package var text: String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Whether only programs of this machine can connect.
    package var isLoopback: Bool {
        guard let bytes = IPRange.bytes(of: host) else { return false }
        return bytes.count == 4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1]
    }

    /// Reads an address and a port; `localhost` stands for 127.0.0.1.
    init(_ text: String) throws(ConfigurationTextError) {
        guard text.utf8.count <= 64 else { throw ConfigurationTextError() }
        // The two short forms that other servers take: a port, and a port with a colon.
        let digits = text.utf8.first == UInt8(ascii: ":") ? String(text.utf8.dropFirst()) : text
        if let digits, let port = Quantity(digits), port.unit.isEmpty, port.number <= 65_535 {
            throw ConfigurationTextError(suggestion: (digits == text ? "127.0.0.1:" : "0.0.0.0:") + digits)
        }
        guard let place = try? Self.splitHostAndPort(text[...]), let port = place.port, port <= 65_535 else {
            throw ConfigurationTextError()
        }
        let host = place.host == "localhost" ? "127.0.0.1" : String(place.host)
        guard IPRange.bytes(of: host) != nil else {
            throw ConfigurationTextError(
                "must begin with an IP address, is \(text.shown)",
                suggestion: place.host == "*" ? "0.0.0.0:\(port)" : nil)
        }
        self.init(host: host.lowercased(), port: port)
    }

    /// Splits `host`, `host:port`, `[v6]` or `[v6]:port`. Of the host it only knows that brackets are for IPv6.
    static func splitHostAndPort(_ text: Substring) throws(ConfigurationTextError) -> (host: Substring, port: Int?) {
        let wrong = ConfigurationTextError("must have the form host:port, is \(String(text).shown)")
        var host = text
        var port: Substring?
        if text.utf8.first == UInt8(ascii: "[") {
            guard let end = text.utf8.firstIndex(of: UInt8(ascii: "]")) else { throw wrong }
            host = text[text.utf8.index(after: text.startIndex)..<end]
            guard host.utf8.contains(UInt8(ascii: ":")) else { throw wrong }
            let rest = text[text.utf8.index(after: end)...]
            if !rest.isEmpty {
                guard rest.utf8.first == UInt8(ascii: ":") else { throw wrong }
                port = rest[rest.utf8.index(after: rest.startIndex)...]
            }
        } else if let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) {
            host = text[..<colon]
            port = text[text.utf8.index(after: colon)...]
        }
        guard !host.isEmpty else { throw wrong }
        guard let port else { return (host, nil) }
        guard let quantity = Quantity(String(port)), quantity.unit.isEmpty else { throw wrong }
        return (host, quantity.number)
    }
}

extension ConfigurationValue where Value == SocketAddressSetting {
    /// An address to listen on.
    static var address: Self {
        .text(.text(.address), must: "must be an address such as 127.0.0.1:8080 or [::1]:8080") {
            text throws(ConfigurationTextError) in
            try SocketAddressSetting(text)
        } text: {
            $0.text
        }
    }
}
