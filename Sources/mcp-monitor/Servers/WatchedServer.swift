/// A server that is probed: what it is called in metrics and logs, and where it is.
struct WatchedServer: Hashable, Sendable {
    /// 1 to 64 letters, digits and `. _ : / [ ] -`.
    var name: String
    /// Its MCP endpoint.
    var url: ServerURL

    /// Reads `NAME=URL`, or a URL, whose host and port are then the name.
    ///
    /// - Throws: what is wrong, as a sentence.
    init(_ text: String) throws(WatchedServerError) {
        let equals = text.firstIndex(of: "=")
        let scheme = text.firstRange(of: "://")?.lowerBound ?? text.endIndex
        var address = text[...]
        var name: Substring?
        // A query may have an equals sign of its own.
        if let equals, equals < scheme {
            name = text[..<equals]
            address = text[text.index(after: equals)...]
        }
        do throws(ServerURLError) {
            url = try ServerURL(String(address))
        } catch {
            let offset = text.utf8.distance(from: text.startIndex, to: address.startIndex)
            // A query may be a secret, and what is no URL at all may be anything.
            throw WatchedServerError("\(address.prefix { $0 != "?" }) \(error)", offset: offset)
        }
        if let name {
            guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(\.isNameByte) else {
                throw WatchedServerError(
                    "the name before = must be 1 to 64 letters, digits and . _ : / [ ] -", offset: 0)
            }
            self.name = String(name)
        } else {
            self.name = url.origin.authority
        }
    }
}

/// What is wrong with a server as it was given.
struct WatchedServerError: Error, Hashable, CustomStringConvertible {
    /// A sentence.
    let description: String
    /// Where in the text it is, in bytes from the beginning.
    let offset: Int

    init(_ description: String, offset: Int) {
        self.description = description
        self.offset = offset
    }
}

extension UInt8 {
    fileprivate var isNameByte: Bool {
        self &- 0x30 < 10 || (self | 0x20) &- 0x61 < 26
            || [0x2D, 0x2E, 0x2F, 0x3A, 0x5B, 0x5D, 0x5F].contains(self)
    }
}
