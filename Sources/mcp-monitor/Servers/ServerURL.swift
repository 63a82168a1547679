/// Where an MCP endpoint is: `http://HOST[:PORT][/PATH]` or the same with `https`, read strictly.
struct ServerURL: Hashable, Sendable {
    /// What decides whether two URLs lead to the same party (RFC 6454 §4).
    struct Origin: Hashable, Sendable {
        /// Whether it is reached over TLS.
        var isSecure: Bool
        /// A host name in lower case, or an IP address without brackets.
        var host: String
        /// The port, 1…65535.
        var port: Int

        /// `HOST[:PORT]` as it stands in `Host`: an IPv6 address in brackets, the scheme's own port left out.
        var authority: String {
            let host = host.contains(":") ? "[\(host)]" : host
            return port == (isSecure ? 443 : 80) ? host : "\(host):\(port)"
        }
    }

    /// Scheme, host and port.
    var origin: Origin
    /// Path and query as they are sent; begins with `/`.
    var target: String

    /// The URL without its query, which may hold what nobody should read in a log.
    var description: String {
        "\(origin.isSecure ? "https" : "http")://\(origin.authority)\(target.prefix { $0 != "?" })"
    }

    /// Another place at the same origin.
    func at(_ target: String) -> ServerURL {
        ServerURL(origin: origin, target: target)
    }
}

extension ServerURL {
    /// Reads an absolute URL.
    ///
    /// - Throws: what is wrong, as the end of a sentence that begins with the URL.
    init(_ text: String) throws(ServerURLError) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ServerURLError("holds spaces or non-ASCII bytes")
        }
        guard let separator = text.firstRange(of: "://") else {
            throw ServerURLError("is not a URL; an example is http://127.0.0.1:8080/mcp")
        }
        let isSecure: Bool
        switch text[..<separator.lowerBound].lowercased() {
        case "http": isSecure = false
        case "https": isSecure = true
        default: throw ServerURLError("must begin with http:// or https://")
        }
        let rest = text[separator.upperBound...].prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else {
            throw ServerURLError("holds credentials; give them with --bearer or --header")
        }
        let target = rest[authority.endIndex...]
        let (host, port) = try ServerURL.split(authority, standardPort: isSecure ? 443 : 80)
        origin = Origin(isSecure: isSecure, host: host, port: port)
        self.target = target.hasPrefix("/") ? String(target) : "/" + target
    }

    private static func split(
        _ authority: Substring, standardPort: Int
    ) throws(ServerURLError) -> (String, Int) {
        let host: Substring
        let port: Substring
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else { throw ServerURLError("lacks the closing bracket") }
            host = authority[authority.index(after: authority.startIndex)..<bracket]
            port = authority[authority.index(after: bracket)...]
            guard host.utf8.allSatisfy({ $0.isHexDigit || $0 == 0x3A || $0 == 0x2E }), host.contains(":") else {
                throw ServerURLError("has brackets round what is no IPv6 address")
            }
        } else {
            host = authority.prefix { $0 != ":" }
            port = authority[host.endIndex...]
            guard host.utf8.allSatisfy(\.isHostByte) else { throw ServerURLError("has a host that is no name") }
        }
        guard !host.isEmpty, host.utf8.count <= 253 else { throw ServerURLError("names no host") }
        if port.isEmpty { return (host.lowercased(), standardPort) }
        guard port.hasPrefix(":"), port.dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = UInt16(port.dropFirst()), number > 0
        else {
            throw ServerURLError("has a port that is not 1 to 65535")
        }
        return (host.lowercased(), Int(number))
    }
}

/// What is wrong with a URL, as the end of a sentence that begins with it.
struct ServerURLError: Error, Hashable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool { self &- 0x30 < 10 || (self | 0x20) &- 0x61 < 6 }

    fileprivate var isHostByte: Bool {
        self &- 0x30 < 10 || (self | 0x20) &- 0x61 < 26 || self == 0x2D || self == 0x2E || self == 0x5F
    }
}
