import Testing

@testable import Wire

/// The parser takes a head over that has the same bytes as the one before it. Nothing else may come of that.
@Suite struct `a head parser that remembers` {
    private static let heads = [
        "POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nMcp-Name: x\r\n\r\n",
        "POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nMcp-Name: y\r\n\r\n",
        "POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\nMcp-Name: x\r\n\r\n",
        "GET /mcp HTTP/1.0\r\n\r\n",
        "POST /mcp HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        "POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nMcp-Name: x\r\nMcp-Name: x\r\n\r\n",
    ]

    private func parse(_ parser: inout HTTPHeadParser, _ text: String, cutAt cut: Int? = nil) throws -> String {
        let bytes = Array((text + "{}POST /").utf8)
        return try bytes.withUnsafeBytes { raw in
            let view = ByteView(raw)
            if let cut, try parser.parse(view.slice(from: 0, to: cut)), cut < text.utf8.count {
                Issue.record("a cut head was taken for a whole one")
            }
            let isComplete = try parser.parse(view)
            #expect(isComplete)
            let head = parser.request
            defer { parser.reset() }
            let fields = head.fields.all.map {
                "\(view[$0.name].string)=\(view[$0.value].string)/\($0.id)/\($0.isRepeated)"
            }
            return "\(head.method) \(view[head.path].string) \(head.minorVersion) \(head.framing) \(head.isKeepAlive) "
                + "\(head.byteCount) \(head.fields.isRepeated(.mcpName)) \(fields)"
        }
    }

    private func fresh(_ text: String) throws -> String {
        var parser = HTTPHeadParser(.request)
        return try parse(&parser, text)
    }

    @Test func `reads every sequence of heads as parsers do that remember nothing`() throws {
        for first in Self.heads {
            for second in Self.heads {
                for third in Self.heads {
                    var parser = HTTPHeadParser(.request)
                    for head in [first, second, second, third, first] {
                        #expect(try parse(&parser, head) == fresh(head))
                    }
                }
            }
        }
    }

    @Test func `says whether a head is the same as the last`() throws {
        var parser = HTTPHeadParser(.request)
        var seen: [Bool] = []
        for index in [0, 0, 1, 1, 0, 2, 2, 3, 3] {
            _ = try parse(&parser, Self.heads[index])
            seen.append(parser.isSameAsLast)
        }
        #expect(seen == [false, true, false, true, false, false, true, false, true])
    }

    @Test func `reads a head that comes in pieces the same, wherever it is cut`() throws {
        for head in Self.heads {
            for cut in 0..<head.utf8.count {
                var parser = HTTPHeadParser(.request)
                _ = try parse(&parser, Self.heads[0])
                #expect(try parse(&parser, head, cutAt: cut) == fresh(head))
                #expect(try parse(&parser, head) == fresh(head))
            }
        }
    }

    @Test func `remembers nothing of a bad head`() throws {
        var parser = HTTPHeadParser(.request)
        _ = try parse(&parser, Self.heads[0])
        #expect(throws: HTTPError.self) { try parse(&parser, "POST /mcp HTTP/1.1\r\nHost: a\r\nBad Name: 1\r\n\r\n") }
        parser.reset()
        #expect(try parse(&parser, Self.heads[1]) == fresh(Self.heads[1]))
    }

    @Test func `reads heads that are too long to be remembered`() throws {
        let long =
            "POST /mcp HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 4_000))\r\nContent-Length: 1\r\n\r\n"
        var parser = HTTPHeadParser(.request)
        for head in [long, long, Self.heads[0], long, Self.heads[0]] {
            #expect(try parse(&parser, head) == fresh(head))
        }
    }

    @Test func `remembers answers too`() throws {
        var parser = HTTPHeadParser(.response)
        for (length, isSame) in [(3, false), (3, true), (4, false), (4, true)] {
            let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n".utf8)
            try bytes.withUnsafeBytes { raw in
                let isComplete = try parser.parse(ByteView(raw))
                #expect(isComplete)
            }
            #expect(parser.response.status == 200)
            #expect(parser.response.framing == .length(length))
            #expect(parser.isSameAsLast == isSame)
            parser.reset()
        }
    }
}
