/// The MCP endpoint that is called: `http://HOST[:PORT][/PATH]`, or the same with `https`.
struct Endpoint: Hashable, Sendable {
    /// Whether connections are sealed.
    let isSealed: Bool
    /// A host name or an IP address, without brackets.
    let host: String
    /// The port; 80, or 443 with TLS, when the URL names none.
    let port: Int
    /// The target of the requests: path and query, `/` when the URL names none.
    let target: String
    /// What goes into `Host`: the authority as it stands in the URL.
    let authority: String

    /// The URL, for people.
    var place: String { "\(isSealed ? "https" : "http")://\(authority)\(target)" }

    /// Reads a URL.
    ///
    /// - Throws: `EndpointError`, whose text says what is wrong.
    init(_ url: String) throws(EndpointError) {
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw EndpointError(url, "holds spaces or non-ASCII bytes")
        }
        guard let separator = url.firstRange(of: "://") else {
            throw EndpointError(url, "is not a URL; an example is http://127.0.0.1:8080/mcp")
        }
        let scheme = url[..<separator.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw EndpointError(url, "must begin with http:// or https://")
        }
        isSealed = scheme == "https"
        let rest = url[separator.upperBound...].prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else { throw EndpointError(url, "holds credentials; send them with --header") }
        let target = rest[authority.endIndex...]
        self.authority = String(authority)
        self.target = target.hasPrefix("/") ? String(target) : "/" + target
        (host, port) = try Endpoint.split(authority, url, defaultPort: isSealed ? 443 : 80)
    }

    private static func split(
        _ authority: Substring, _ url: String, defaultPort: Int
    ) throws(EndpointError) -> (String, Int) {
        let host: Substring
        let port: Substring
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else {
                throw EndpointError(url, "lacks the closing bracket")
            }
            host = authority[authority.index(after: authority.startIndex)..<bracket]
            port = authority[authority.index(after: bracket)...]
        } else {
            host = authority.prefix { $0 != ":" }
            port = authority[host.endIndex...]
        }
        guard !host.isEmpty else { throw EndpointError(url, "names no host") }
        if port.isEmpty { return (String(host), defaultPort) }
        guard port.hasPrefix(":"), port.dropFirst().allSatisfy(\.isNumber), let number = UInt16(port.dropFirst()),
            number > 0
        else {
            throw EndpointError(url, "has a port that is not 1 to 65535")
        }
        return (String(host), Int(number))
    }
}

/// A URL that cannot be called.
struct EndpointError: Error, CustomStringConvertible {
    let description: String

    init(_ url: String, _ reason: String) {
        description = "\(url) \(reason)"
    }
}
