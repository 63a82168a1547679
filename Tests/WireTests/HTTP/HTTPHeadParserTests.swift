import Testing
import Wire

@Suite struct HTTPHeadParserTests {
    // MARK: What is accepted

    @Test func `finds the parts of a request`() throws {
        let text = "POST /mcp?a=b HTTP/1.1\r\nHost: gateway:8080\r\nContent-Length:  12 \r\nX-Y:\tz\t\r\n\r\n"
        let bytes = Array((text + "BODY").utf8)
        var parser = HTTPHeadParser(.request)
        try bytes.withUnsafeBytes { raw throws in
            let view = ByteView(raw)
            let isComplete = try parser.parse(view)
            #expect(isComplete)
            let head = parser.request
            #expect(head.method == .post)
            #expect(view[head.path].string == "/mcp")
            #expect(view[head.query].string == "a=b")
            #expect(head.framing == .length(12))
            #expect(head.isKeepAlive)
            #expect(head.byteCount == text.utf8.count)
            #expect(head.fields[.host].map { view[$0].string } == "gateway:8080")
            #expect(head.fields[.contentLength].map { view[$0].string } == "12")
            #expect(head.fields.all.map { view[$0.value].string } == ["gateway:8080", "12", "z"])
            #expect(head.fields[.origin] == nil)
        }
    }

    @Test func `finds the parts of an answer`() throws {
        let bytes = Array("HTTP/1.1 503 Not today\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n".utf8)
        var parser = HTTPHeadParser(.response)
        try bytes.withUnsafeBytes { raw in
            let isComplete = try parser.parse(ByteView(raw))
            #expect(isComplete)
            let head = parser.response
            #expect(head.status == 503)
            #expect(head.fields[.retryAfter].map { ByteView(raw)[$0].string } == "3")
            #expect(head.framing == .length(0))
            #expect(head.isKeepAlive)
            #expect(head.byteCount == bytes.count)
        }
    }

    @Test(
        arguments: [
            ("POST", .post), ("GET", .get), ("DELETE", .delete), ("OPTIONS", .options), ("HEAD", .head),
            ("CONNECT", .connect),
            ("TRACE", .trace), ("PUT", .other), ("post", .other), ("GETS", .other), ("A", .other),
        ] as [(String, HTTPMethod)])
    func `knows methods by their exact spelling`(_ text: String, _ method: HTTPMethod) throws {
        let bytes = Array("\(text) / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        var parser = HTTPHeadParser(.request)
        let isComplete = try bytes.withUnsafeBytes { try parser.parse(ByteView($0)) }
        #expect(isComplete && parser.request.method == method)
    }

    @Test func `uses its storage again after a reset`() throws {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n".utf8)
        var parser = HTTPHeadParser(.request)
        var places: Set<UnsafeRawPointer?> = []
        for _ in 0..<3 {
            let isComplete = try bytes.withUnsafeBytes { try parser.parse(ByteView($0)) }
            #expect(isComplete && parser.request.fields.all.count == 4)
            parser.request.fields.all.withUnsafeBytes { _ = places.insert($0.baseAddress) }
            parser.reset()
        }
        #expect(places.count == 1)
    }

    @Test func `reads one head after another`() {
        var parser = HTTPHeadParser(.request)
        let first = readHead(&parser, .request, Array("OPTIONS * HTTP/1.0\r\nA: b\r\nExpect: x\r\n\r\n".utf8))
        parser.reset()
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        let second = readHead(&parser, .request, bytes)
        #expect(first != second)
        #expect(second == readHead(.request, bytes))
    }

    // MARK: The tables

    struct Row: CustomTestStringConvertible {
        var text: String
        var error: HTTPError?
        var testDescription: String { String(text.prefix(100)).debugDescription }

        init(_ text: String, _ error: HTTPError?) {
            self.text = text
            self.error = error
        }
    }

    private func check(_ row: Row, _ role: HTTPHeadParser.Role = .request) {
        let reading = readHead(role, Array(row.text.utf8))
        if let error = row.error {
            #expect(reading == .refused(error))
        } else if case .complete = reading {
            // As it should be.
        } else {
            Issue.record("\(reading)")
        }
    }

    @Test(arguments: [
        // Method not a token, or none.
        Row("G T / HTTP/1.1\r\nHost: a\r\n\r\n", .startLine),
        Row(" GET / HTTP/1.1\r\nHost: a\r\n\r\n", .startLine),
        Row("G\"T / HTTP/1.1\r\nHost: a\r\n\r\n", .startLine),
        Row("GET: / HTTP/1.1\r\nHost: a\r\n\r\n", .startLine),
        Row("G\u{e9}T / HTTP/1.1\r\nHost: a\r\n\r\n", .startLine),
        Row("\(String(repeating: "A", count: 32)) / HTTP/1.1\r\nHost: a\r\n\r\n", nil),
        Row("\(String(repeating: "A", count: 33)) / HTTP/1.1\r\nHost: a\r\n\r\n", .startLine),
        // Spaces, tabs, words.
        Row("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .startLine),
        Row("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", .startLine),
        Row("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", .startLine),
        Row("GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", .target),
        Row("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .startLine),
        Row("GET / x HTTP/1.1\r\nHost: a\r\n\r\n", .startLine),
        Row("GET / HTTP/1.1 x\r\nHost: a\r\n\r\n", .startLine),
        Row("GET\r\nHost: a\r\n\r\n", .startLine),
        // HTTP/0.9, other protocols.
        Row("GET /\r\n", .target),
        Row("GET /\n", .target),
        Row("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .version),
        Row("\u{16}\u{3}\u{1}", .startLine),
        Row("SSH-2.0-OpenSSH_9.2\r\n", .startLine),
        Row("{\"jsonrpc\":\"2.0\"}\r\n", .startLine),
        Row("\u{0}", .startLine),
        // Versions.
        Row("GET / HTTP/1.0\r\n\r\n", nil),
        Row("GET / HTTP/1.2\r\nHost: a\r\n\r\n", .startLine),
        Row("GET / HTTP/0.9\r\nHost: a\r\n\r\n", .version),
        Row("GET / HTTP/2.0\r\nHost: a\r\n\r\n", .version),
        Row("GET / HTTP/3\r\nHost: a\r\n\r\n", .version),
        Row("GET / HTTP/1\r\nHost: a\r\n\r\n", .startLine),
        Row("GET / HTTP/11\r\nHost: a\r\n\r\n", .startLine),
        Row("GET / HTTP/1.10\r\nHost: a\r\n\r\n", .startLine),
        Row("GET / http/1.1\r\nHost: a\r\n\r\n", .startLine),
        Row("GET / HTTPS/1.1\r\nHost: a\r\n\r\n", .startLine),
        Row("GET / HTTP/x.1\r\nHost: a\r\n\r\n", .startLine),
        // Line ends.
        Row("GET / HTTP/1.1\nHost: a\n\n", .startLine),
        Row("GET / HTTP/1.1\rHost: a\r\n\r\n", .startLine),
        // One empty line in front is forgiven (RFC 9112 §2.2), no more, and only whole.
        Row("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", nil),
        Row("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .startLine),
        Row("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .startLine),
        Row("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", .startLine),
    ])
    func `judges request lines`(_ row: Row) { check(row) }

    @Test(arguments: [
        Row("/", nil), Row("/mcp", nil), Row("/a?b?c", nil), Row("/%41%e9?%00", nil), Row("/a:@!$&'()*+,;=-._~[]", nil),
        Row("//mcp", nil), Row("/mcp/..", nil), Row("/;x", nil),  // forms that routing refuses, not the codec
        Row("/#a", .target), Row("/a\\b", .target), Row("/\u{1}", .target), Row("/\u{0}", .target),
        Row("/\u{7f}", .target), Row("/\u{e9}", .target), Row("/\"", .target), Row("/<a>", .target),
        Row("/{a}", .target), Row("/a|b", .target), Row("/a^b", .target), Row("/a`b", .target),
        Row("/%", .target), Row("/%4", .target), Row("/%4g", .target), Row("/%g4", .target), Row("/%%41", .target),
        Row("/a?%zz", .target),
        Row("*", .target), Row("mcp", .target), Row("a:80", .target), Row("?a", .target),
        Row("https://a/", .target), Row("ftp://a/", .target), Row("http:/a/", .target), Row("http://", .target),
        Row("http:///mcp", .target), Row("http://user@a/", .target), Row("http://user:pass@a/", .target),
        Row("http://b/", .host), Row("http://A/", .host), Row("http://a:80/", .host),
        Row("http://a/", nil), Row("HTTP://a/mcp?x", nil), Row("http://a", nil), Row("http://a?x", nil),
    ])
    func `judges targets`(_ row: Row) {
        check(Row("GET \(row.text) HTTP/1.1\r\nHost: a\r\n\r\n", row.error))
    }

    @Test(arguments: [
        ("GET http://a/mcp?x=1 HTTP/1.1", "/mcp", "x=1"), ("GET http://a HTTP/1.1", "", ""),
        ("GET http://a?x HTTP/1.1", "", "x"), ("GET /? HTTP/1.1", "/", ""), ("GET /a?b?c HTTP/1.1", "/a", "b?c"),
        ("OPTIONS * HTTP/1.1", "*", ""), ("CONNECT b:443 HTTP/1.1", "b:443", ""), ("GET //x HTTP/1.1", "//x", ""),
    ])
    func `splits a target into path and query`(_ line: String, _ path: String, _ query: String) throws {
        let bytes = Array("\(line)\r\nHost: a\r\n\r\n".utf8)
        var parser = HTTPHeadParser(.request)
        try bytes.withUnsafeBytes { raw in
            let isComplete = try parser.parse(ByteView(raw))
            #expect(isComplete)
            #expect(ByteView(raw)[parser.request.path].string == path)
            #expect(ByteView(raw)[parser.request.query].string == query)
        }
    }

    @Test(arguments: [
        Row("", .host),
        Row("Host: a\r\nHost: a\r\n", .host), Row("Host: a\r\nhOST: b\r\n", .host),
        Row("Host:\r\n", .host), Row("Host: \t\r\n", .host), Row("Host: a,b\r\n", .host), Row("Host: a, a\r\n", .host),
        Row("Host: a/b\r\n", .host), Row("Host: http://a\r\n", .host), Row("Host: u@a\r\n", .host),
        Row("Host: a b\r\n", .host), Row("Host: \"a\"\r\n", .host), Row("Host: a?b\r\n", .host),
        Row("Host: a#b\r\n", .host), Row("Host: a\\b\r\n", .host), Row("Host: a%41\r\n", .host),
        Row("Host: \u{e9}\r\n", .host), Row("Host: a:\r\n", .host), Row("Host: a:x\r\n", .host),
        Row("Host: a:65536\r\n", .host), Row("Host: a:000080\r\n", .host), Row("Host: a:-1\r\n", .host),
        Row("Host: a:80:80\r\n", .host), Row("Host: :80\r\n", .host), Row("Host: ::1\r\n", .host),
        Row("Host: [::1\r\n", .host), Row("Host: []\r\n", .host), Row("Host: [::1]x\r\n", .host),
        Row("Host: [fe80::1%25eth0]\r\n", .host), Row("Host: [::1]:\r\n", .host),
        Row("Host: \(String(repeating: "a", count: 261))\r\n", .host),
        Row("Host: a\r\n", nil), Row("Host:a\r\n", nil), Row("Host: a.b-c_d.example\r\n", nil),
        Row("Host: 127.0.0.1:1\r\n", nil), Row("Host: a:65535\r\n", nil), Row("Host: a:0\r\n", nil),
        Row("Host: [::1]\r\n", nil), Row("Host: [::ffff:1.2.3.4]:8080\r\n", nil), Row("hOsT: LOCALHOST\r\n", nil),
    ])
    func `judges Host`(_ row: Row) {
        check(Row("GET / HTTP/1.1\r\n\(row.text)\r\n", row.error))
    }

    @Test func `does without Host in HTTP 1.0 but judges one that is there`() {
        check(Row("GET / HTTP/1.0\r\n\r\n", nil))
        check(Row("GET / HTTP/1.0\r\nHost: a b\r\n\r\n", .host))
        check(Row("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", .host))
        check(Row("GET http://b/ HTTP/1.0\r\nHost: a\r\n\r\n", .host))
    }

    @Test(arguments: [
        Row("X: a\u{0}b\r\n", .field), Row("X: a\u{1}b\r\n", .field), Row("X: a\u{1f}b\r\n", .field),
        Row("X: a\u{7f}b\r\n", .field), Row("X: a\u{b}b\r\n", .field), Row("X: a\u{1b}[0m\r\n", .field),
        Row("X: a\rb\r\n", .field), Row("X: a\nY: b\r\n", .field), Row("X: a\n\r\n", .field), Row("X: a\r\r\n", .field),
        Row("X: 0123456789abcdef\u{0}0123456789\r\n", .field), Row("X: 0123456\t89abcde\u{8}\r\n", .field),
        Row("X: a\r\n b\r\n", .field), Row("X: a\r\n\tb\r\n", .field), Row(" X: a\r\n", .field),
        Row("X\r\n", .field), Row(": a\r\n", .field), Row("X : a\r\n", .field), Row("X\t: a\r\n", .field),
        Row("X(: a\r\n", .field), Row("X Y: a\r\n", .field), Row("X\u{e9}: a\r\n", .field), Row("X\"Y: a\r\n", .field),
        Row("X/Y: a\r\n", .field), Row("X@Y: a\r\n", .field), Row("[X]: a\r\n", .field), Row("X;: a\r\n", .field),
        Row("X\u{0}: a\r\n", .field), Row("\n", .field), Row("\rX: a\r\n", .field),
        Row("X:\r\n", nil), Row("X: \t \r\n", nil), Row("X: a\tb\r\n", nil), Row("X: \u{e9}\u{ff}\r\n", nil),
        Row("!#$%&'*+-.^_`|~09AZaz: a\r\n", nil), Row("X_Y: a\r\n", nil), Row("X: a: b\r\n", nil), Row("X::\r\n", nil),
    ])
    func `judges field lines`(_ row: Row) {
        check(Row("GET / HTTP/1.1\r\nHost: a\r\n\(row.text)\r\n", row.error))
        check(Row("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\(row.text)\r\n", row.error), .response)
    }

    @Test(arguments: 0...255)
    func `allows exactly the bytes of a field value that RFC 9110 does`(_ byte: Int) {
        let allowed = byte == 0x09 || (byte >= 0x20 && byte != 0x7F)
        for padding in 0..<9 {
            var bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "-", count: padding))".utf8)
            bytes += [UInt8(byte)] + Array("-\r\n\r\n".utf8)
            let reading = readHead(.request, bytes)
            if allowed, case .complete = reading { continue }
            #expect(!allowed && reading == .refused(.field), "after \(padding) bytes")
        }
    }

    @Test(arguments: 0...255)
    func `allows exactly the token characters of RFC 9110 in names and methods`(_ byte: Int) {
        let character = UInt8(byte)
        let marks = Array("!#$%&'*+-.^_`|~".utf8)
        let isToken =
            marks.contains(character) || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x61...0x7A).contains(byte)
        let name = readHead(
            .request, Array("GET / HTTP/1.1\r\nHost: a\r\nX".utf8) + [character] + Array("Y: z\r\n\r\n".utf8))
        // "X: Y: z" is a field named X.
        if isToken || character == UInt8(ascii: ":") {
            #expect(name.summary != nil)
        } else {
            #expect(name == .refused(.field))
        }
        let method = readHead(.request, Array("G".utf8) + [character] + Array("T / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        if isToken {
            #expect(method.summary != nil)
        } else if case .refused = method {
            // As it should be.
        } else {
            Issue.record("\(method)")
        }
    }

    @Test(arguments: 0...255)
    func `allows exactly the bytes of RFC 3986 in a target`(_ byte: Int) {
        let others = Array("-._~:/?[]@!$&'()*+,;=".utf8)
        let allowed =
            others.contains(UInt8(byte)) || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x61...0x7A).contains(byte)
        guard byte != 0x25, byte != 0x20 else { return }
        let reading = readHead(
            .request, Array("GET /".utf8) + [UInt8(byte)] + Array(" HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        if allowed, case .complete = reading { return }
        #expect(!allowed && reading == .refused(.target))
    }

    @Test(arguments: [
        Row("Content-Length: 0\r\n", nil), Row("Content-Length: 1\r\n", nil), Row("Content-Length:\t7 \r\n", nil),
        Row("Content-Length: 999999999999999999\r\n", nil), Row("Content-Length: 000000000000000001\r\n", nil),
        Row("Content-Length: 1000000000000000000\r\n", .framing), Row("Content-Length:\r\n", .framing),
        Row("Content-Length: +1\r\n", .framing), Row("Content-Length: -1\r\n", .framing),
        Row("Content-Length: 0x1\r\n", .framing), Row("Content-Length: 1.0\r\n", .framing),
        Row("Content-Length: 1 1\r\n", .framing), Row("Content-Length: 1,1\r\n", .framing),
        Row("Content-Length: 1, 1\r\n", .framing), Row("Content-Length: a\r\n", .framing),
        Row("Content-Length: \u{661}\r\n", .framing), Row("Content-Length: 18446744073709551617\r\n", .framing),
        Row("Content-Length: 1\r\nContent-Length: 1\r\n", .framing),
        Row("Content-Length: 1\r\ncontent-length: 2\r\n", .framing),
        Row("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", .framing),
        Row("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", .framing),
        Row("Transfer-Encoding: chunked\r\n", nil), Row("Transfer-Encoding: cHUNKED\r\n", nil),
        Row("Transfer-Encoding:\r\n", .framing), Row("Transfer-Encoding: chunked, chunked\r\n", .framing),
        Row("Transfer-Encoding: gzip, chunked\r\n", .framing), Row("Transfer-Encoding: chunked,\r\n", .framing),
        Row("Transfer-Encoding: ,chunked\r\n", .framing), Row("Transfer-Encoding: chunked;q=1\r\n", .framing),
        Row("Transfer-Encoding: \"chunked\"\r\n", .framing), Row("Transfer-Encoding: chunked chunked\r\n", .framing),
        Row("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", .framing),
        Row("Transfer-Encoding: gzip\r\n", .transferCoding), Row("Transfer-Encoding: identity\r\n", .transferCoding),
        Row("Transfer-Encoding: xchunked\r\n", .transferCoding), Row("Transfer-Encoding: chunke\r\n", .transferCoding),
        // A name that only looks like one of these says nothing.
        Row("Content_Length: x\r\n", nil), Row("Transfer-Encodin: x\r\n", nil), Row("X-Content-Length: x\r\n", nil),
    ])
    func `judges how the body is framed`(_ row: Row) {
        check(Row("POST / HTTP/1.1\r\nHost: a\r\n\(row.text)\r\n", row.error))
        check(Row("HTTP/1.1 200 OK\r\n\(row.text)\r\n", row.error), .response)
        // Answers without a body are read as strictly.
        check(Row("HTTP/1.1 204 No Content\r\n\(row.text)\r\n", row.error), .response)
        check(Row("HTTP/1.1 304 Not Modified\r\n\(row.text)\r\n", row.error), .response)
    }

    @Test func `refuses chunks in HTTP 1.0`() {
        check(Row("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .framing))
        check(Row("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .framing), .response)
    }

    @Test(
        arguments: [
            ("200", "", .untilClose), ("200", "Content-Length: 5\r\n", .length(5)), ("100", "", .none),
            ("103", "Content-Length: 5\r\n", .none), ("204", "", .none), ("204", "Content-Length: 5\r\n", .none),
            ("304", "Content-Length: 5\r\n", .none), ("304", "Transfer-Encoding: chunked\r\n", .none),
            ("404", "Transfer-Encoding: chunked\r\n", .chunked), ("599", "Content-Length: 0\r\n", .length(0)),
        ] as [(String, String, HTTPBodyFraming)])
    func `knows how an answer ends`(_ status: String, _ fields: String, _ framing: HTTPBodyFraming) throws {
        let head = try #require(readHead(.response, Array("HTTP/1.1 \(status) X\r\n\(fields)\r\n".utf8)).summary)
        #expect(head.framing == framing)
        #expect(head.flags.isEmpty == (framing == .untilClose))
    }

    @Test(arguments: [
        Row("HTTP/1.1 200 OK", nil), Row("HTTP/1.0 200 OK", nil), Row("HTTP/1.1 200 ", nil), Row("HTTP/1.1 200", nil),
        Row("HTTP/1.1 200 \t\u{e9}", nil), Row("HTTP/1.1 599 X", nil), Row("HTTP/1.1 100 X", nil),
        Row("HTTP/1.1 600 X", .startLine), Row("HTTP/1.1 099 X", .startLine), Row("HTTP/1.1 000 X", .startLine),
        Row("HTTP/1.1 20 X", .startLine), Row("HTTP/1.1 2000 X", .startLine), Row("HTTP/1.1 2x0 X", .startLine),
        Row("HTTP/1.1  200 OK", .startLine), Row("HTTP/1.1\t200 OK", .startLine), Row("HTTP/1.1 200\tOK", .startLine),
        Row(" HTTP/1.1 200 OK", .startLine), Row("\r\nHTTP/1.1 200 OK", .startLine), Row("http/1.1 200 OK", .startLine),
        Row("HTTP/1.2 200 OK", .startLine), Row("HTTP/2.0 200 OK", .version), Row("HTTP/2 200", .version),
        Row("HTTP/0.9 200 OK", .version), Row("ICY 200 OK", .startLine), Row("HTTP/1.1 200 O\u{0}K", .startLine),
        Row("HTTP/1.1 200 O\u{7f}K", .startLine), Row("HTTP/1.1 200 O\rK", .startLine),
        Row("HTTP/1.1 200 OK\nX: y", .startLine), Row("HTTP/1.1", .startLine),
    ])
    func `judges status lines`(_ row: Row) {
        check(Row("\(row.text)\r\nContent-Length: 0\r\n\r\n", row.error), .response)
    }

    // MARK: Bounds

    @Test func `takes a target of 8 KiB and no more`() {
        let path = "/" + String(repeating: "a", count: 8_191)
        check(Row("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n", nil))
        check(Row("GET \(path)a HTTP/1.1\r\nHost: a\r\n\r\n", .targetTooLong))
        // Without waiting for its end.
        check(Row("GET \(path)a", .targetTooLong))
        check(Row("GET \(path)%", .targetTooLong))
        check(Row("GET \(path)%zz", .targetTooLong))
        #expect(readHead(.request, Array("GET \(path)".utf8)) == .incomplete)
    }

    @Test func `takes a field of 16 KiB and no more`() {
        let value = String(repeating: "a", count: 16_384 - "X: \r\n".utf8.count)
        check(Row("GET / HTTP/1.1\r\nHost: a\r\nX: \(value)\r\n\r\n", nil))
        check(Row("GET / HTTP/1.1\r\nHost: a\r\nX: \(value)a\r\n\r\n", .headTooLarge))
        check(Row("GET / HTTP/1.1\r\nHost: a\r\nX: \(value)aaa", .headTooLarge))
        check(Row("GET / HTTP/1.1\r\nHost: a\r\n\(value)aaaaaaaaa", .headTooLarge))
        check(Row("HTTP/1.1 200 \(value)aaaaaaaaaa", .headTooLarge), .response)
    }

    @Test func `takes a head of 32 KiB and no more`() {
        let start = "GET / HTTP/1.1\r\nHost: a\r\n"
        let field = "X: \(String(repeating: "a", count: 8_187))\r\n"  // 8 KiB with its end
        let three = start + field + field + field
        let last = "X: \(String(repeating: "a", count: 32_768 - three.utf8.count - 7))\r\n"
        #expect((three + last + "\r\n").utf8.count == 32_768)
        check(Row(three + last + "\r\n", nil))
        check(Row(three + "X" + last + "\r\n", .headTooLarge))
        check(Row(three + last + "aa", .headTooLarge))
    }

    @Test func `takes 100 fields and no more`() {
        let fields = String(repeating: "X: y\r\n", count: 99)
        check(Row("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n", nil))
        check(Row("GET / HTTP/1.1\r\nHost: a\r\n\(fields)X: y\r\n\r\n", .headTooLarge))
        check(Row("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\(fields)\r\n", nil), .response)
        check(Row("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\(fields)X: y\r\n\r\n", .headTooLarge), .response)
    }

    // MARK: What the connection does next

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\n", true), ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: close\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n", true), ("GET / HTTP/1.0\r\n", false),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n", false),  // RFC 9112 §9.3: a proxy must not
    ])
    func `knows whether a client stays`(_ head: String, _ isKept: Bool) throws {
        let summary = try #require(readHead(.request, Array("\(head)\r\n".utf8)).summary)
        #expect(summary.flags.contains("keepAlive") == isKept)
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n", false), ("HTTP/1.1 200 OK\r\n", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n", true),
    ])
    func `knows whether a backend stays`(_ head: String, _ isKept: Bool) throws {
        let summary = try #require(readHead(.response, Array("\(head)\r\n".utf8)).summary)
        #expect(summary.flags.contains("keepAlive") == isKept)
    }

    @Test(arguments: [
        ("1.1", "Expect: 100-continue\r\nContent-Length: 1\r\n", "expectsContinue"),
        ("1.1", "Expect: 100-Continue\r\nTransfer-Encoding: chunked\r\n", "expectsContinue"),
        ("1.1", "Expect: 100-continue\r\nContent-Length: 0\r\n", ""), ("1.1", "Expect: 100-continue\r\n", ""),
        ("1.0", "Expect: 100-continue\r\nContent-Length: 1\r\n", ""), ("1.0", "Expect: x\r\n", ""),
        ("1.1", "Expect: x\r\n", "hasUnknownExpectation"), ("1.1", "Expect:\r\n", "hasUnknownExpectation"),
        ("1.1", "Expect: 100-continue, x\r\nContent-Length: 1\r\n", "hasUnknownExpectation"),
        ("1.1", "Expect: 100-continue\r\nExpect: 100-continue\r\n", "hasUnknownExpectation"),
        ("1.1", "Upgrade: websocket\r\n", "asksForUpgrade"), ("1.1", "HTTP2-Settings: x\r\n", "asksForUpgrade"),
    ])
    func `notes expectations and upgrades`(_ version: String, _ fields: String, _ flag: String) throws {
        let text = "POST / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n"
        let head = try #require(readHead(.request, Array(text.utf8)).summary)
        #expect(head.flags.filter { $0 != "keepAlive" } == (flag.isEmpty ? [] : [flag]))
    }

    @Test(arguments: [
        (HTTPError.startLine, 400), (.target, 400), (.version, 505), (.targetTooLong, 414), (.field, 400),
        (.headTooLarge, 431), (.host, 400), (.framing, 400), (.transferCoding, 501), (.expectation, 417), (.chunk, 400),
        (.bodyTooLarge, 413), (.trailer, 400),
    ])
    func `has a status for each refusal`(_ error: HTTPError, _ status: Int) {
        #expect(error.status == status)
    }

    // MARK: Pieces

    @Test(arguments: [HTTPHeadParser.Role.request, .response])
    func `judges the same however a head is cut`(_ role: HTTPHeadParser.Role) {
        for sample in role == .request ? HTTPSamples.requests : HTTPSamples.responses {
            let bytes = Array(sample.utf8)
            let whole = readHead(role, bytes)
            for cut in 0...bytes.count {
                let reading = readHead(role, bytes, cuts: [cut])
                #expect(reading == whole, "\(sample.debugDescription) cut at \(cut)")
            }
            #expect(readHead(role, bytes, cuts: Array(0...bytes.count)) == whole, "\(sample.debugDescription) in bytes")
        }
    }

    @Test(arguments: [HTTPHeadParser.Role.request, .response])
    func `never takes a verdict back when more bytes come`(_ role: HTTPHeadParser.Role) {
        for sample in role == .request ? HTTPSamples.requests : HTTPSamples.responses {
            let bytes = Array(sample.utf8)
            let whole = readHead(role, bytes)
            for count in 0..<bytes.count {
                let reading = readHead(role, Array(bytes[..<count]))
                #expect(reading == whole || reading == .incomplete, "\(sample.debugDescription) of \(count) bytes")
            }
        }
    }

    @Test func `judges the same however a head at its limits is cut`() {
        let limits = HTTPLimits(targetBytes: 6, headBytes: 60, fieldBytes: 20, fieldCount: 2)
        var texts = HTTPSamples.requests
        for count in 3...9 {
            let path = String(repeating: "a", count: count)
            for ending in ["", "%", "%4", "%41", "%zz", "\u{1}", " HTTP/1.1\r\nHost: a\r\n\r\n"] {
                texts.append("GET /\(path)\(ending)")
            }
        }
        for count in 8...18 {
            let value = String(repeating: "v", count: count)
            for ending in ["\r\n\r\n", "\r\nA: b\r\n\r\n", "\u{0}", "\r", "\rx", "\n"] {
                texts.append("GET / HTTP/1.1\r\nHost: a\r\nX: \(value)\(ending)")
                texts.append("GET / HTTP/1.1\r\nHost: a\r\n\(value)\(ending)")
            }
        }
        for text in texts {
            let bytes = Array(text.utf8)
            let whole = readHead(.request, bytes, limits: limits)
            for cut in 0...bytes.count {
                let reading = readHead(.request, bytes, cuts: [cut], limits: limits)
                #expect(reading == whole, "\(text.debugDescription) cut at \(cut)")
            }
        }
    }
}
