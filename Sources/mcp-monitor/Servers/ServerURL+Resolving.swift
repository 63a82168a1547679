extension ServerURL {
    /// Where a `Location` leads from here (RFC 3986 §5.2); `nil` if it is no URL of HTTP.
    func resolving(_ reference: String) -> ServerURL? {
        let reference = reference.prefix { $0 != "#" }
        guard reference.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        if reference.isEmpty { return self }
        if reference.hasPrefix("//") {
            return try? ServerURL("\(origin.isSecure ? "https" : "http"):\(reference)")
        }
        if ServerURL.hasScheme(reference) { return try? ServerURL(String(reference)) }
        let path = target.prefix { $0 != "?" }
        if reference.hasPrefix("?") { return at("\(path)\(reference)") }
        let query = reference.drop { $0 != "?" }
        var whole = reference.prefix { $0 != "?" }
        if !whole.hasPrefix("/") {
            // What follows the last slash of where we are is replaced.
            let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
            whole = folder + whole
        }
        return at(ServerURL.withoutDots(whole) + query)
    }

    private static func hasScheme(_ reference: Substring) -> Bool {
        guard let colon = reference.firstIndex(of: ":") else { return false }
        return !reference[..<colon].contains { $0 == "/" || $0 == "?" }
    }

    /// The path without `.` and `..` (RFC 3986 §5.2.4).
    private static func withoutDots(_ path: Substring) -> String {
        var kept: [Substring] = []
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for (position, segment) in segments.enumerated() {
            let isLast = position == segments.count - 1
            switch segment {
            case ".":
                if isLast { kept.append("") }
            case "..":
                _ = kept.popLast()
                if isLast { kept.append("") }
            default:
                kept.append(segment)
            }
        }
        return "/" + kept.joined(separator: "/")
    }
}
