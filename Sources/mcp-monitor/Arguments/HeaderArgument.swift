import ArgumentParser

/// A header field on the command line: `Name: value`.
struct HeaderArgument: ExpressibleByArgument, Hashable, Sendable {
    /// The line as it is sent, with its line end.
    let line: String

    /// What a probe says itself.
    private static let own: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "content-type", "accept", "expect", "upgrade",
        "mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id",
    ]

    init?(argument: String) {
        guard let colon = argument.utf8.firstIndex(of: UInt8(ascii: ":")), colon > argument.startIndex else {
            return nil
        }
        let name = argument.utf8[..<colon]
        guard name.allSatisfy(\.isTokenByte), !HeaderArgument.own.contains(String(argument[..<colon]).lowercased()),
            argument.utf8[colon...].allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
        else { return nil }
        line = argument + "\r\n"
    }
}

extension UInt8 {
    /// Whether it may be in a field's name (RFC 9110 §5.6.2).
    fileprivate var isTokenByte: Bool {
        self &- 0x30 < 10 || (self | 0x20) &- 0x61 < 26 || "!#$%&'*+-.^_`|~".utf8.contains(self)
    }
}
