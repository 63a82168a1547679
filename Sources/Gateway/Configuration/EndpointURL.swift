/// The parts of a URL that say where to connect and what to ask for there; without query, fragment and user.
package struct EndpointURL: Hashable, Sendable {
    /// How to talk.
    package enum Scheme: String, Hashable, Sendable {
        case http, https

        /// The port of a URL that names none.
        var defaultPort: Int {
            switch self {
            case .http: 80
            case .https: 443
            }
        }
    }

    /// How to talk.
    package let scheme: Scheme
    /// A name or an IP address, in lower case, without brackets.
    package let host: String
    /// 1…65535.
    package let port: Int
    /// Begins with `/`.
    package let path: String

    package init(scheme: Scheme, host: String, port: Int, path: String) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
    }

    /// Host and port as `Host` names them: IPv6 in brackets, no port if it is the scheme's own (RFC 9110 §7.2).
    package var authority: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return port == scheme.defaultPort ? name : "\(name):\(port)"
    }

    /// Whether the host is a name that must be looked up: no address, and not `localhost`, which is this machine.
    package var hasName: Bool { host != "localhost" && IPRange.bytes(of: host) == nil }

    /// The URL in its normal form.
    package var text: String { "\(scheme.rawValue)://\(authority)\(path)" }

    /// Reads an absolute URL.
    ///
    /// - Throws: what is wrong. The text itself is not shown when it may hold credentials.
    init(_ text: String, schemes: [Scheme]) throws(ConfigurationTextError) {
        let example = "http://10.0.0.11:9000/mcp"
        guard text.utf8.count <= 2_048, let colon = text.firstRange(of: "://") else {
            let isBare = (try? SocketAddressSetting.splitHostAndPort(text.prefix { $0 != "/" }))?.port != nil
            let suggestion = isBare && !text.contains("@") ? "\(schemes[0].rawValue)://\(text)" : nil
            let shown = text.contains("@") ? "" : ", is \(text.shown)"
            throw ConfigurationTextError("must be a URL such as \(example)\(shown)", suggestion: suggestion)
        }
        let rest = text[colon.upperBound...]
        guard let scheme = Scheme(rawValue: text[..<colon.lowerBound].lowercased()), schemes.contains(scheme) else {
            let names = schemes.map { "\($0.rawValue)://" }.joined(separator: " or ")
            throw ConfigurationTextError("must begin with \(names)")
        }
        let end = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        let authority = rest[..<(end ?? rest.endIndex)]
        let path = String(rest[(end ?? rest.endIndex)...])
        guard !authority.utf8.contains(UInt8(ascii: "@")) else {
            throw ConfigurationTextError("must not contain a user or a password")
        }
        guard path.isEmpty || Self.isPath(path) else {
            throw ConfigurationTextError(
                path.utf8.contains(UInt8(ascii: "?")) || path.utf8.contains(UInt8(ascii: "#"))
                    ? "must not have a query or a fragment" : "must have a path of URL characters, is \(text.shown)")
        }
        guard let place = try? SocketAddressSetting.splitHostAndPort(authority) else {
            throw ConfigurationTextError("must name a host, is \(text.shown)")
        }
        guard let host = Self.normalizedHost(place.host) else {
            throw ConfigurationTextError("must name a host, is \(text.shown)")
        }
        if let port = place.port, !(1...65_535).contains(port) {
            throw ConfigurationTextError("must have a port 1…65535, is \(text.shown)")
        }
        self.init(
            scheme: scheme, host: host, port: place.port ?? scheme.defaultPort, path: path.isEmpty ? "/" : path)
    }

    /// Whether the text is an absolute path of RFC 3986 §3.3 with nothing behind it.
    static func isPath(_ text: String) -> Bool {
        var bytes = text.utf8[...]
        guard bytes.first == UInt8(ascii: "/"), bytes.count <= 2_048 else { return false }
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard bytes.popFirst()?.isHexDigit == true, bytes.popFirst()?.isHexDigit == true else { return false }
            } else {
                guard byte.isASCIILetterOrDigit || "-._~!$&'()*+,;=:@/".utf8.contains(byte) else { return false }
            }
        }
        return true
    }

    /// A name of RFC 1123, with `_` as container networks allow it, or an IP address without brackets; in lower case.
    /// Nil for anything else, numbers that only some programs take for addresses included.
    static func normalizedHost(_ text: Substring) -> String? {
        let host = text.lowercased()
        if IPRange.bytes(of: host) != nil { return host }
        guard (1...253).contains(host.utf8.count) else { return nil }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        for label in labels {
            guard (1...63).contains(label.utf8.count), label.utf8.first != UInt8(ascii: "-"),
                label.utf8.last != UInt8(ascii: "-"),
                label.utf8.allSatisfy({ $0.isASCIILetterOrDigit || $0 == 0x2D || $0 == 0x5F })
            else { return nil }
        }
        guard let last = labels.last, let first = last.utf8.first, !first.isASCIIDigit else { return nil }
        return host
    }
}

extension UInt8 {
    /// 0-9, A-F, a-f.
    fileprivate var isHexDigit: Bool { isASCIIDigit || (self | 0x20) &- 0x61 < 6 }
}

extension ConfigurationValue where Value == EndpointURL {
    /// Where a backend is.
    static var backendURL: Self {
        .text(.text(.httpURL), must: "must be a URL such as http://10.0.0.11:9000/mcp") {
            text throws(ConfigurationTextError) in
            try EndpointURL(text, schemes: [.http, .https])
        } text: {
            $0.text
        }
        .checked { url, node, reader in
            guard let bytes = IPRange.bytes(of: url.host),
                IPRange.isForbiddenForBackends(bytes, unlessIn: reader.allowedAddresses)
            else { return }
            reader.problem(
                "must not be a link-local, cloud metadata or wildcard address unless allowed_addresses has it, "
                    + "is \(url.text.shown)", at: node.position)
        }
    }

    /// Where a collector is.
    static var collectorURL: Self {
        .text(.text(.collectorURL), must: "must be a URL such as http://collector:4318") {
            text throws(ConfigurationTextError) in
            try EndpointURL(text, schemes: [.http, .https])
        } text: {
            $0.text
        }
    }
}
