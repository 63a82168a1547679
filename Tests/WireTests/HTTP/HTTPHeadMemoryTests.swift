import Testing

@testable import Wire

/// A head that has come before is not read again. Nothing else may come of that.
@Suite struct HTTPHeadMemoryTests {
    private static let heads = [
        "POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nMcp-Name: x\r\n\r\n",
        "POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nMcp-Name: y\r\n\r\n",
        "POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\nMcp-Name: x\r\n\r\n",
        "GET /mcp HTTP/1.0\r\n\r\n",
        "POST /mcp HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        "POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nMcp-Name: x\r\nMcp-Name: x\r\n\r\n",
    ]

    /// A connection: its parser and its last head.
    private struct Connection {
        let memory: HTTPHeadMemory
        var parser: HTTPHeadParser
        var head: HTTPReceivedHead

        init(_ memory: HTTPHeadMemory = HTTPHeadMemory(), _ role: HTTPHeadParser.Role = .request) {
            self.memory = memory
            parser = HTTPHeadParser(role)
            head = memory.nothing
        }

        /// Reads a head, in two pieces if `cut` is given, with the beginning of another message behind it.
        mutating func read(_ text: String, cutAt cut: Int? = nil) throws -> String {
            let bytes = Array((text + "{}POST /").utf8)
            try bytes.withUnsafeBytes { raw in
                let view = ByteView(raw)
                if let cut {
                    let isComplete = try memory.read(view.slice(from: 0, to: cut), with: &parser, into: &head)
                    #expect(!isComplete, "a cut head was taken for a whole one")
                }
                let isComplete = try memory.read(view, with: &parser, into: &head)
                #expect(isComplete)
            }
            #expect(head.bytes.string == text)
            return description
        }

        private var description: String {
            let request = head.request
            let view = head.bytes
            let fields = request.fields.all.map {
                "\(view[$0.name].string)=\(view[$0.value].string)/\($0.id)/\($0.isRepeated)"
            }
            return "\(request.method) \(view[request.path].string) \(request.minorVersion) \(request.framing) "
                + "\(request.isKeepAlive) \(request.byteCount) \(request.fields.isRepeated(.mcpName)) \(fields)"
        }
    }

    private func fresh(_ text: String) throws -> String {
        var connection = Connection()
        return try connection.read(text)
    }

    @Test func `reads every sequence of heads as if nothing were remembered`() throws {
        for first in Self.heads {
            for second in Self.heads {
                for third in Self.heads {
                    var connection = Connection()
                    for head in [first, second, second, third, first] {
                        #expect(try connection.read(head) == fresh(head))
                    }
                }
            }
        }
    }

    @Test func `reads the heads of two connections that share it as if each were alone`() throws {
        let memory = HTTPHeadMemory()
        var connections = [Connection(memory), Connection(memory)]
        for round in 0..<60 {
            let head = Self.heads[(round * round + round / 7) % Self.heads.count]
            #expect(try connections[round % 2].read(head) == fresh(head))
            // The other one still has what it had.
            let other = connections[(round + 1) % 2].head
            if other !== memory.nothing {
                let text = other.bytes.string
                #expect(try connections[(round + 1) % 2].read(text) == fresh(text))
            }
        }
    }

    @Test func `shares a head among connections and says that it was repeated`() throws {
        let memory = HTTPHeadMemory()
        var first = Connection(memory)
        var second = Connection(memory)
        _ = try first.read(Self.heads[0])
        #expect(!first.head.isRepeated)
        _ = try second.read(Self.heads[0])
        #expect(first.head === second.head)
        #expect(first.head.isRepeated)
    }

    @Test func `keeps a note as long as the head and no longer`() throws {
        var connection = Connection()
        _ = try connection.read(Self.heads[0])
        let note = Connection.self as AnyObject
        connection.head.note = note
        _ = try connection.read(Self.heads[0])
        #expect(connection.head.note != nil)
        _ = try connection.read(Self.heads[1])
        #expect(connection.head.note == nil)
        // More heads than are remembered: the first one is read again.
        for number in 0..<20 { _ = try connection.read("GET /\(number) HTTP/1.0\r\n\r\n") }
        _ = try connection.read(Self.heads[0])
        #expect(connection.head.note == nil)
        #expect(!connection.head.isRepeated)
    }

    @Test func `uses an object again that nobody else has`() throws {
        var connection = Connection()
        func long(_ letter: String) -> String { "GET /\(String(repeating: letter, count: 3_000)) HTTP/1.0\r\n\r\n" }
        _ = try connection.read(long("a"))
        let first = ObjectIdentifier(connection.head)
        _ = try connection.read(long("b"))
        #expect(ObjectIdentifier(connection.head) == first)
        let kept = connection.head
        #expect(try connection.read(long("c")) == fresh(long("c")))
        #expect(kept.bytes.string == long("b"))
    }

    @Test func `reads a head that comes in pieces the same, wherever it is cut`() throws {
        for head in Self.heads {
            for cut in 0..<head.utf8.count {
                var connection = Connection()
                _ = try connection.read(Self.heads[0])
                // Bytes that begin with a head that is known are that head, cut or not.
                let isKnown = head.hasPrefix(Self.heads[0])
                #expect(try connection.read(head, cutAt: isKnown ? nil : cut) == fresh(head))
                #expect(try connection.read(head) == fresh(head))
            }
        }
    }

    @Test func `remembers nothing of a bad head, and nothing of the one before it`() throws {
        let memory = HTTPHeadMemory()
        var connection = Connection(memory)
        _ = try connection.read(Self.heads[0])
        #expect(throws: HTTPError.self) {
            try connection.read("POST /mcp HTTP/1.1\r\nHost: a\r\nBad Name: 1\r\n\r\n")
        }
        #expect(connection.head === memory.nothing)
        #expect(memory.nothing.bytes.count == 0)
    }

    @Test func `lets go of a head that is too long to be remembered`() throws {
        let long =
            "POST /mcp HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 4_000))\r\nContent-Length: 1\r\n\r\n"
        let memory = HTTPHeadMemory()
        var connection = Connection(memory)
        for head in [long, long, Self.heads[0], long, Self.heads[0]] {
            #expect(try connection.read(head) == fresh(head))
            memory.release(&connection.head)
            #expect((connection.head === memory.nothing) == (head == long))
        }
    }

    @Test func `remembers answers too`() throws {
        var connection = Connection(HTTPHeadMemory(), .response)
        for (length, isRepeated) in [(3, false), (3, true), (4, false), (4, true), (3, true)] {
            let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n".utf8)
            try bytes.withUnsafeBytes { raw in
                let isComplete = try connection.memory.read(
                    ByteView(raw), with: &connection.parser, into: &connection.head)
                #expect(isComplete)
            }
            #expect(connection.head.response.status == 200)
            #expect(connection.head.response.framing == .length(length))
            #expect(connection.head.isRepeated == isRepeated)
        }
    }
}
