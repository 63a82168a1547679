/// The servers that are watched, in the order in which they were given; no name is there twice.
struct ServerList: Hashable, Sendable {
    /// How many there may be: each has some two hundred lines on the metrics page.
    static let maximum = 256

    /// The servers.
    private(set) var servers: [WatchedServer] = []

    /// Adds `server`.
    ///
    /// - Throws: a sentence, when its name is taken or there are too many.
    mutating func append(_ server: WatchedServer) throws(WatchedServerError) {
        guard !servers.contains(where: { $0.name == server.name }) else {
            throw WatchedServerError(
                "there is a server \(server.name) already; give one of them another name, as in other=URL", offset: 0)
        }
        guard servers.count < ServerList.maximum else {
            throw WatchedServerError("there are more than \(ServerList.maximum) servers", offset: 0)
        }
        servers.append(server)
    }

    /// Adds the servers of a text with commas between them, as in an environment variable.
    ///
    /// - Throws: a sentence about the first that is wrong.
    mutating func append(commaSeparated text: String) throws(WatchedServerError) {
        for part in text.split(separator: ",") {
            let part = part.trimmed
            if !part.isEmpty { try append(WatchedServer(String(part))) }
        }
    }

    /// Adds the servers of a file: one a line; empty lines, and what follows a `#`, say nothing.
    ///
    /// - Returns: `FILE:LINE:COLUMN: what is wrong` for each line that is; columns count bytes.
    mutating func append(contents: String, ofFile file: String) -> [String] {
        var complaints: [String] = []
        // By bytes: CR LF is one character.
        let lines = contents.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let line = String(decoding: line, as: UTF8.self)[...]
            let content = line.withoutComment.trimmed
            guard !content.isEmpty else { continue }
            do throws(WatchedServerError) {
                try append(WatchedServer(String(content)))
            } catch {
                let column = line.utf8.distance(from: line.startIndex, to: content.startIndex) + error.offset + 1
                complaints.append("\(file):\(index + 1):\(column): \(error)")
            }
        }
        return complaints
    }
}

extension Substring {
    /// Without spaces, tabs and carriage returns at both ends.
    var trimmed: Substring {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
        guard let first = utf8.firstIndex(where: { !isSpace($0) }),
            let last = utf8.lastIndex(where: { !isSpace($0) })
        else { return self[endIndex...] }
        return self[first...last]
    }

    /// What stands before a `#` that begins the line or follows white space; others belong to a URL.
    fileprivate var withoutComment: Substring {
        var previous = UInt8(ascii: " ")
        for index in utf8.indices {
            if utf8[index] == UInt8(ascii: "#"), previous == 0x20 || previous == 0x09 { return self[..<index] }
            previous = utf8[index]
        }
        return self
    }
}
