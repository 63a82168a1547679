extension ConfigurationValue where Value == String {
    /// An origin as browsers send it (RFC 6454 §6.2): in lower case, without the port that its scheme has anyway.
    static var origin: Self {
        .text(.text(.origin), must: "must be an origin such as https://app.example.com") {
            text throws(ConfigurationTextError) in
            guard let separator = text.firstRange(of: "://"), text.utf8.count <= 512 else {
                throw ConfigurationTextError(
                    text == "*"
                        ? "must be an origin such as https://app.example.com; there is none that stands for all" : nil)
            }
            let scheme = text[..<separator.lowerBound].lowercased()
            var authority = text[separator.upperBound...]
            let isScheme =
                scheme.utf8.first?.isASCIILetter == true
                && scheme.utf8.allSatisfy { $0.isASCIILetterOrDigit || "+-.".utf8.contains($0) }
            guard isScheme, !text.utf8.contains(UInt8(ascii: "@")) else { throw ConfigurationTextError() }
            if let slash = authority.utf8.firstIndex(of: UInt8(ascii: "/")) {
                authority = authority[..<slash]
                throw ConfigurationTextError(
                    "must be an origin, without a path",
                    suggestion: authority.isEmpty ? nil : "\(scheme)://\(authority)")
            }
            guard let host = host(authority, implicitPort: ["http": 80, "https": 443][scheme]) else {
                throw ConfigurationTextError()
            }
            return "\(scheme)://\(host)"
        } text: {
            $0
        }
    }

    /// A host with or without a port, as clients send it in `Host`; in lower case.
    static var host: Self {
        .text(.text(.host), must: "must be a host such as mcp.example.com or mcp.example.com:8443") {
            text throws(ConfigurationTextError) in
            guard let host = host(text[...], implicitPort: nil) else {
                let hint =
                    text == "*"
                    ? "must be a host; leave the list empty to accept any on addresses that are not loopback" : nil
                throw ConfigurationTextError(hint)
            }
            return host
        } text: {
            $0
        }
    }

    /// The normal form of `host`, `host:port` or `[v6]:port`, without a port that is implicit; nil for anything else.
    private static func host(_ text: Substring, implicitPort: Int?) -> String? {
        guard let place = try? SocketAddressSetting.splitHostAndPort(text),
            let host = EndpointURL.normalizedHost(place.host)
        else { return nil }
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        guard let port = place.port, port != implicitPort else { return name }
        return (1...65_535).contains(port) ? "\(name):\(port)" : nil
    }
}
