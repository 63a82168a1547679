/// References of schemas as texts: just enough of RFC 3986 to find what `$id` and `$ref` mean. Nothing is ever fetched.
enum SchemaURI {
    private struct Parts {
        var scheme: Substring?
        var authority: Substring?
        var path: Substring
        var query: Substring?
        var fragment: Substring?

        /// RFC 3986, appendix B.
        init(_ text: String) {
            var rest = Substring(text)
            if let hash = rest.firstIndex(of: "#") {
                fragment = rest[rest.index(after: hash)...]
                rest = rest[..<hash]
            }
            if let mark = rest.firstIndex(of: "?") {
                query = rest[rest.index(after: mark)...]
                rest = rest[..<mark]
            }
            if let colon = rest.firstIndex(of: ":"), colon > rest.startIndex, !rest[..<colon].contains("/") {
                scheme = rest[..<colon]
                rest = rest[rest.index(after: colon)...]
            }
            if rest.hasPrefix("//") {
                let start = rest.index(rest.startIndex, offsetBy: 2)
                let end = rest[start...].firstIndex(of: "/") ?? rest.endIndex
                authority = rest[start..<end]
                rest = rest[end...]
            }
            path = rest
        }

        var text: String {
            (scheme.map { "\($0):" } ?? "") + (authority.map { "//\($0)" } ?? "") + path
                + (query.map { "?\($0)" } ?? "") + (fragment.map { "#\($0)" } ?? "")
        }
    }

    /// What `reference` means in a document at `base` (RFC 3986 §5.2.2).
    static func resolve(_ reference: String, against base: String) -> String {
        var target = Parts(reference)
        let origin = Parts(base)
        guard target.scheme == nil else { return target.text }
        target.scheme = origin.scheme
        guard target.authority == nil else { return target.text }
        target.authority = origin.authority
        if target.path.isEmpty {
            target.path = origin.path
            if target.query == nil { target.query = origin.query }
        } else if !target.path.hasPrefix("/") {
            let folder = origin.path.lastIndex(of: "/").map { origin.path[...$0] }
            target.path = (folder ?? (origin.authority == nil ? "" : "/")) + target.path
        }
        target.path = Substring(withoutDots(target.path))
        return target.text
    }

    /// The text before `#` and the one behind it, which is empty without a `#`; `%` escapes in the latter resolved.
    static func split(_ uri: String) -> (document: String, fragment: String) {
        guard let hash = uri.firstIndex(of: "#") else { return (uri, "") }
        return (String(uri[..<hash]), unescaped(uri[uri.index(after: hash)...]))
    }

    /// RFC 3986 §5.2.4.
    private static func withoutDots(_ path: Substring) -> String {
        guard path.contains(".") else { return String(path) }
        var kept: [Substring] = []
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch segment {
            case ".":
                if isLast { kept.append("") }
            case "..":
                if kept.count > 1 || kept.first?.isEmpty == false { kept.removeLast() }
                if isLast { kept.append("") }
            default:
                kept.append(segment)
            }
        }
        return kept.joined(separator: "/")
    }

    private static func unescaped(_ text: Substring) -> String {
        guard text.contains("%") else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
