import NIOCore
import NIOEmbedded
import Testing
import Transport
import Wire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct HTTPServerConnectionTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"

    private func post(_ path: String = "/", _ body: String, _ fields: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: h\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private func chunked(_ body: String, _ fields: String = "") -> String {
        "POST /c HTTP/1.1\r\nHost: h\r\n\(fields)Transfer-Encoding: chunked\r\n\r\n"
            + "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
    }

    // MARK: Requests and answers

    @Test(arguments: [false, true])
    func `delivers a request and writes its answer`(_ piecewise: Bool) throws {
        let harness = try ServerHarness()
        try harness.send(post("/mcp", "{}"), piecewise: piecewise)
        #expect(harness.server.log == ["head /mcp", "request /mcp {}"])
        harness.connection.answer("yes")
        #expect(
            try harness.received()
                == "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 3\r\n\r\nyes")
        #expect(harness.isOpen)
    }

    @Test(arguments: [false, true])
    func `joins the chunks of a body`(_ piecewise: Bool) throws {
        let harness = try ServerHarness()
        let text =
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nT: u\r\n\r\n"
        try harness.send(text + post("/next", "n"), piecewise: piecewise)
        #expect(harness.server.log == ["head /", "request / abcd"])
        #expect(
            harness.server.requests.first.map { $0.headBytes.string }?.hasSuffix("chunked\r\n\r\n") == true)
        harness.connection.answer("")
        #expect(harness.server.log.suffix(2) == ["head /next", "request /next n"])
    }

    @Test func `reads the same requests however the input is cut`() throws {
        let text =
            post("/1", "one") + chunked("two") + Self.get + "\r\n" + post("/4", "")
            + "DELETE /5 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        let bytes = Array(text.utf8)
        var expected: [String]?
        for cut in 0...bytes.count {
            let harness = try ServerHarness()
            harness.server.handle = { request, connection in connection.answer(request.path) }
            try harness.channel.writeInbound(ByteBuffer(bytes: bytes[..<cut]))
            try harness.channel.writeInbound(ByteBuffer(bytes: bytes[cut...]))
            let log = harness.server.log
            #expect(log == expected ?? log, "cut at \(cut)")
            #expect(try harness.statuses() == [200, 200, 200, 200, 200])
            #expect(harness.tap.isOutputClosed)
            expected = log
        }
        #expect(expected?.filter { $0.hasPrefix("request") }.count == 5)
    }

    @Test func `leaves the body out of an answer to HEAD but not out of the next answer`() throws {
        let harness = try ServerHarness()
        harness.server.handle = { _, connection in connection.answer("text") }
        try harness.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
        let answer = try harness.received()
        #expect(answer.contains("Content-Length: 4\r\n") && answer.hasSuffix("\r\n\r\n"))
        // Not even when that is about bytes of which no method is known.
        try harness.send("\u{0}")
        #expect(try harness.received().hasSuffix("\r\n\r\nstartLine"))
    }

    @Test func `writes Retry-After and no length for 204`() throws {
        let harness = try ServerHarness()
        try harness.send(Self.get)
        var answer = HTTPAnswer(status: 204, fields: "X: y\r\n")
        answer.retryAfterSeconds = 7
        harness.connection.respond(answer)
        #expect(
            try harness.received()
                == "HTTP/1.1 204 No Content\r\nX: y\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: 7\r\n\r\n")
    }

    @Test func `streams an answer in parts`() throws {
        let harness = try ServerHarness()
        try harness.send(Self.get)
        harness.connection.begin(ByteBuffer(string: "HEAD"))
        #expect(try harness.received() == "HEAD")
        harness.connection.stream(ByteBuffer(string: "1"))
        #expect(try harness.received() == "1")
        harness.connection.stream(ByteBuffer())
        harness.connection.finish(ByteBuffer(string: "END"))
        #expect(try harness.received() == "END")
        try harness.send(Self.get)
        #expect(harness.server.requests.count == 2)
    }

    // MARK: Pipelining

    @Test func `answers pipelined requests in order, one at a time`() throws {
        let harness = try ServerHarness()
        try harness.send(post("/1", "a") + post("/2", "b") + Self.get)
        #expect(harness.server.requests.count == 1)
        harness.connection.answer("first")
        #expect(harness.server.requests.count == 2)
        harness.connection.answer("second")
        harness.connection.answer("third")
        #expect(harness.server.requests.map(\.path) == ["/1", "/2", "/a"])
        let text = try harness.received()
        let places = ["first", "second", "third"].compactMap { text.range(of: $0)?.lowerBound }
        #expect(places.count == 3 && places == places.sorted())
    }

    @Test func `sends an answer although the request behind it is still being handled`() throws {
        let harness = try ServerHarness()
        harness.server.judge = { $0 == "/refused" ? .refuse(HTTPAnswer(status: 404)) : .accept(maximumBody: 10) }
        try harness.send(post("/1", "a") + post("/refused", "b") + post("/slow", "c"))
        harness.connection.answer("")
        #expect(harness.server.requests.map(\.path) == ["/1", "/slow"])
        #expect(try harness.statuses() == [200, 404])
    }

    @Test func `does not keep what it has handled when the next request has always begun`() throws {
        let harness = try ServerHarness()
        harness.server.handle = { _, connection in connection.answer("") }
        let request = post("/1", String(repeating: "x", count: 900))
        let half = request.utf8.count / 2
        try harness.send(String(request.prefix(half)))
        for _ in 0..<5_000 {
            try harness.send(String(request.dropFirst(half)) + String(request.prefix(half)))
            _ = try harness.received()
        }
        #expect(harness.connection.receiveCapacity < 1_000_000)
    }

    @Test func `answers a thousand pipelined requests without deep recursion`() throws {
        let harness = try ServerHarness()
        harness.server.handle = { _, connection in connection.answer("") }
        try harness.send(String(repeating: Self.get, count: 1_000))
        #expect(try harness.statuses().count == 1_000)
    }

    @Test func `stops reading while too much waits behind a request`() throws {
        let harness = try ServerHarness()
        try harness.send(post("/1", "x"))
        #expect(harness.wantsToRead())
        try harness.send(String(repeating: Self.get, count: 65_536 / Self.get.utf8.count + 1))
        #expect(!harness.wantsToRead())
        let reads = harness.tap.readCount
        harness.server.handle = { _, connection in connection.answer("") }
        harness.connection.answer("")
        #expect(harness.tap.readCount == reads + 1)
        #expect(harness.wantsToRead())
    }

    @Test func `reads no request while its answers are not taken`() throws {
        let harness = try ServerHarness()
        harness.server.handle = { _, connection in connection.answer("") }
        harness.setWritable(false)
        try harness.send(Self.get + Self.get)
        #expect(harness.server.requests.isEmpty)
        #expect(!harness.wantsToRead())
        harness.setWritable(true)
        #expect(harness.server.requests.count == 2)
        #expect(harness.wantsToRead())
    }

    @Test func `takes one empty line in front of a request, and it begins nothing`() throws {
        let harness = try ServerHarness()
        harness.server.handle = { _, connection in connection.answer("") }
        try harness.send(post("/", "x") + "\r\n")
        harness.advance(.seconds(59))
        #expect(harness.isOpen && !harness.tap.isOutputClosed)
        #expect(try harness.statuses() == [200])
        try harness.send(Self.get)
        #expect(try harness.statuses() == [200])
        try harness.send("\r\n\r\n")
        #expect(try harness.statuses() == [400])
    }

    // MARK: Expectations

    @Test func `says 100 when the body is wanted and has not come`() throws {
        let harness = try ServerHarness()
        try harness.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(try harness.received() == "HTTP/1.1 100 Continue\r\n\r\n")
        try harness.send("ab")
        harness.connection.answer("")
        #expect(try harness.statuses() == [200])
    }

    @Test func `says no 100 when the body has begun to come`() throws {
        let harness = try ServerHarness()
        try harness.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\na")
        #expect(try harness.received() == "")
        try harness.send("b")
        #expect(harness.server.requests.count == 1)
    }

    @Test func `closes after refusing a request whose body waits for 100`() throws {
        let harness = try ServerHarness()
        harness.server.judge = { _ in .refuse(HTTPAnswer(status: 401)) }
        try harness.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(try harness.received().contains("\r\nConnection: close\r\n"))
        #expect(harness.tap.isOutputClosed)
    }

    @Test func `refuses other expectations with 417 and stays`() throws {
        let harness = try ServerHarness()
        harness.server.handle = { _, connection in connection.answer("") }
        try harness.send(post("/", "body", "Expect: coffee\r\n") + Self.get)
        #expect(harness.server.log == ["head /", "error expectation", "head /a", "request /a "])
        #expect(try harness.statuses() == [417, 200])
        #expect(!harness.tap.isOutputClosed)
    }

    // MARK: Refusals

    @Test func `keeps the connection after a refusal and throws the body away`() throws {
        for request in [post("/no", String(repeating: "x", count: 100)), chunked(String(repeating: "y", count: 100))] {
            for cut in 0...request.utf8.count {
                let harness = try ServerHarness()
                harness.server.judge = { $0 == "/a" ? .accept(maximumBody: 1) : .refuse(HTTPAnswer(status: 404)) }
                harness.server.handle = { _, connection in connection.answer("") }
                let bytes = Array(request.utf8)
                try harness.channel.writeInbound(ByteBuffer(bytes: bytes[..<cut]))
                try harness.channel.writeInbound(ByteBuffer(bytes: bytes[cut...] + Array(Self.get.utf8)))
                #expect(try harness.statuses() == [404, 200], "cut at \(cut)")
                #expect(!harness.tap.isOutputClosed)
            }
        }
    }

    @Test func `closes after a refusal when more than 256 KiB would have to be thrown away`() throws {
        let limit = 256 * 1_024
        for (count, isKept) in [(limit, true), (limit + 1, false)] {
            let harness = try ServerHarness()
            harness.server.judge = { _ in .refuse(HTTPAnswer(status: 404)) }
            try harness.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(count)\r\n\r\n")
            #expect(try harness.received().contains("Connection: close") == !isKept)
            #expect(harness.tap.isOutputClosed == !isKept)
        }
        // Of chunks it turns out later.
        let harness = try ServerHarness()
        harness.server.judge = { _ in .refuse(HTTPAnswer(status: 404)) }
        try harness.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(try !harness.received().contains("Connection: close"))
        let chunk = "8000\r\n\(String(repeating: "x", count: 32_768))\r\n"
        for _ in 0..<8 { try harness.send(chunk) }
        #expect(!harness.tap.isOutputClosed)
        try harness.send(chunk)
        #expect(harness.tap.isOutputClosed)
        #expect(try harness.statuses() == [])
    }

    @Test func `never reads the body of a refused request as a request`() throws {
        let harness = try ServerHarness()
        harness.server.judge = { _ in .refuse(HTTPAnswer(status: 403)) }
        try harness.send(post("/1", Self.get) + chunked(Self.get) + post("/2", Self.get, "Expect: 100-continue\r\n"))
        #expect(harness.server.log == ["head /1", "head /c", "head /2"])
        #expect(harness.tap.isOutputClosed)
    }

    @Test(arguments: [true, false])
    func `answers malformed input once, closes, and reads nothing more`(_ answersClose: Bool) throws {
        let harness = try ServerHarness()
        harness.server.errorAnswersClose = answersClose
        try harness.send("GET / HTTP/1.1\r\n\r\n" + Self.get)
        try harness.send(Self.get)
        #expect(harness.server.log == ["head", "error host"].suffix(1))
        let answer = try harness.received()
        #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("Connection: close\r\n"))
        #expect(answer.hasSuffix("\r\n\r\nhost"))
        #expect(harness.tap.isOutputClosed)
        harness.advance(.seconds(2))
        #expect(!harness.isOpen)
        #expect(harness.server.log.last == "closed")
    }

    @Test(arguments: [
        ("Content-Length: 11\r\n\r\n", "bodyTooLarge", 413),
        ("Transfer-Encoding: chunked\r\n\r\nB\r\n", "bodyTooLarge", 413),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n6\r\n", "bodyTooLarge", 413),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\nabcdeX", "chunk", 400),
        ("Transfer-Encoding: chunked\r\n\r\n0\r\n\u{0}", "trailer", 400),
    ])
    func `refuses bodies that are too large or malformed, and closes`(_ rest: String, _ error: String, _ status: Int)
        throws
    {
        let harness = try ServerHarness()
        harness.server.judge = { _ in .accept(maximumBody: 10) }
        try harness.send("POST / HTTP/1.1\r\nHost: h\r\n\(rest)")
        #expect(harness.server.log == ["head /", "error \(error)"])
        #expect(try harness.statuses() == [status])
        #expect(harness.tap.isOutputClosed)
    }

    // MARK: Staying and leaving

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false), ("GET / HTTP/1.0\r\n\r\n", false),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false), ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", true),
        ("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\n\r\n", false),
        ("CONNECT a:1 HTTP/1.1\r\nHost: h\r\n\r\n", false),
        ("TRACE / HTTP/1.1\r\nHost: h\r\n\r\n", false),
    ])
    func `says whether it stays and does so`(_ request: String, _ isKept: Bool) throws {
        let harness = try ServerHarness()
        harness.server.handle = { _, connection in connection.answer("") }
        try harness.send(request + Self.get)
        #expect(try harness.received().contains("Connection: close\r\n") == !isKept)
        #expect(harness.server.requests.count == (isKept ? 2 : 1))
        #expect(harness.tap.isOutputClosed == !isKept)
    }

    @Test func `closes after an answer that was made the last one`() throws {
        let harness = try ServerHarness()
        try harness.send(Self.get)
        harness.connection.closeAfterAnswer()
        harness.connection.begin(ByteBuffer(string: "head"))
        #expect(!harness.tap.isOutputClosed)
        harness.connection.finish(ByteBuffer())
        #expect(harness.tap.isOutputClosed)
    }

    @Test func `drains: idle at once, others after their answer`() throws {
        let idle = try ServerHarness()
        idle.connection.isDraining = true
        #expect(!idle.isOpen)

        let busy = try ServerHarness()
        try busy.send(Self.get)
        busy.connection.isDraining = true
        #expect(busy.isOpen)
        busy.connection.answer("")
        #expect(try busy.received().contains("Connection: close"))
        #expect(busy.tap.isOutputClosed)
    }

    @Test func `drains gently: an idle connection may send once more`() throws {
        let harness = try ServerHarness()
        harness.connection.awaitsLastRequest = true
        harness.connection.isDraining = true
        #expect(harness.isOpen)
        try harness.send(Self.get)
        harness.connection.answer("")
        #expect(try harness.received().contains("Connection: close"))
        #expect(harness.tap.isOutputClosed)

        let silent = try ServerHarness()
        silent.connection.awaitsLastRequest = true
        silent.connection.isDraining = true
        silent.connection.awaitsLastRequest = false
        #expect(!silent.isOpen)
    }

    @Test func `drains also when an unwanted body ends only then`() throws {
        let harness = try ServerHarness()
        harness.server.judge = { _ in .refuse(HTTPAnswer(status: 404)) }
        try harness.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na")
        harness.connection.isDraining = true
        #expect(harness.isOpen)
        try harness.send("b")
        #expect(!harness.isOpen)
    }

    @Test func `keeps its word when draining begins in the middle of an answer`() throws {
        let harness = try ServerHarness()
        try harness.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        harness.connection.begin(ByteBuffer(string: "x"))
        harness.connection.isDraining = true
        harness.connection.finish(ByteBuffer(string: "y"))
        #expect(harness.tap.isOutputClosed)
    }

    @Test func `discards input for a second after the last answer, then closes`() throws {
        let harness = try ServerHarness()
        harness.server.handle = { _, connection in connection.answer("") }
        try harness.send("GET / HTTP/1.0\r\n\r\n")
        #expect(harness.tap.isOutputClosed && harness.isOpen)
        try harness.send(Self.get)
        harness.advance(.milliseconds(900))
        #expect(harness.isOpen)
        try harness.send(Self.get)
        harness.advance(.milliseconds(120))
        #expect(!harness.isOpen)
        #expect(harness.server.requests.count == 1)
    }

    @Test func `reads no more of a body while there is no memory for it`() throws {
        let harness = try ServerHarness()
        try harness.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab")
        #expect(harness.wantsToRead())
        harness.loop.holdsBodies = true
        #expect(!harness.wantsToRead())
        harness.loop.holdsBodies = false
        let count = harness.tap.readCount
        harness.connection.resumeReading()
        #expect(harness.tap.readCount == count + 1)
        try harness.send("cd")
        #expect(harness.server.log == ["head /a", "request /a abcd"])
        // What has no body goes on being read.
        harness.connection.answer("")
        harness.loop.holdsBodies = true
        #expect(harness.wantsToRead())
    }

    @Test func `does not call a client too slow from whom nothing is read`() throws {
        let harness = try ServerHarness()
        harness.loop.holdsBodies = true
        try harness.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab")
        harness.advance(.seconds(12))
        #expect(try harness.statuses() == [503])
    }

    @Test func `ends a connection that has been idle for long enough, and no other`() throws {
        let harness = try ServerHarness()
        harness.server.handle = { _, connection in connection.answer("") }
        harness.advance(.seconds(3))
        harness.connection.close(ifIdleFor: .seconds(4))
        #expect(harness.isOpen)
        // In the middle of a head, or with a request.
        try harness.send("GET / HT")
        harness.connection.close(ifIdleFor: .zero)
        #expect(harness.isOpen && harness.connection.idleSince == nil)
        try harness.send("TP/1.1\r\nHost: h\r\n\r\n")
        #expect(harness.connection.idleSince == harness.loop.eventLoop.now)
        harness.connection.close(ifIdleFor: .seconds(1))
        #expect(harness.isOpen)
        harness.advance(.seconds(1))
        harness.connection.close(ifIdleFor: .seconds(1))
        #expect(!harness.isOpen)
    }

    @Test func `closes at once when the client has closed its side, too`() throws {
        let harness = try ServerHarness()
        harness.server.handle = { _, connection in connection.answer("") }
        try harness.send("GET / HTTP/1.0\r\n\r\n")
        harness.closeInput()
        #expect(!harness.isOpen)
    }

    @Test func `does not cut an answer that is being taken slowly`() throws {
        let harness = try ServerHarness()
        harness.tap.holdsClose = true
        harness.server.handle = { _, connection in connection.answer("text") }
        try harness.send("GET / HTTP/1.0\r\n\r\n")
        harness.advance(.seconds(20))
        #expect(harness.isOpen)
        // Not even when the client closes its own side meanwhile.
        harness.closeInput()
        #expect(harness.isOpen)
        harness.tap.releaseClose()
        #expect(!harness.isOpen)
    }

    @Test func `closes when the last answer is not taken at all`() throws {
        let harness = try ServerHarness()
        harness.tap.holdsClose = true
        harness.server.handle = { _, connection in connection.answer("text") }
        try harness.send("GET / HTTP/1.0\r\n\r\n")
        harness.advance(.milliseconds(30_020))
        #expect(!harness.isOpen)
    }

    // MARK: Clients that leave

    @Test func `answers everything that a client sent before it closed its side`() throws {
        let harness = try ServerHarness()
        try harness.send(Self.get + Self.get)
        harness.closeInput()
        #expect(harness.server.log.last == "client sends no more")
        harness.connection.answer("1")
        #expect(harness.server.requests.count == 2)
        harness.connection.answer("2")
        let text = try harness.received()
        #expect(text.contains("\r\n\r\n1HTTP/1.1 200 OK") && text.hasSuffix("2"))
        #expect(text.split(separator: "Connection: close").count == 2)
        #expect(!harness.isOpen)
    }

    @Test(arguments: ["", "GET / HT", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na"])
    func `ends when a client closes its side in the middle of a request`(_ text: String) throws {
        let harness = try ServerHarness()
        try harness.send(text)
        harness.closeInput()
        #expect(!harness.isOpen)
        #expect(try harness.received() == "")
        #expect(harness.server.requests.isEmpty)
    }

    @Test func `waits until answers are taken before it ends a closed input's connection`() throws {
        let harness = try ServerHarness()
        harness.server.handle = { _, connection in connection.answer("") }
        harness.setWritable(false)
        try harness.send(Self.get)
        harness.closeInput()
        #expect(harness.isOpen)
        harness.setWritable(true)
        #expect(try harness.statuses() == [200])
        #expect(!harness.isOpen)
    }

    @Test func `tells that a client has gone, once, and takes answers that come too late`() throws {
        let harness = try ServerHarness()
        try harness.send(Self.get)
        harness.server.clearLog()
        _ = try harness.channel.finish()
        #expect(harness.server.log == ["client gone", "closed"])
        harness.connection.answer("")
        harness.connection.begin(ByteBuffer(string: "x"))
        harness.connection.stream(ByteBuffer(string: "x"))
        harness.connection.finish(ByteBuffer(string: "x"))
        harness.connection.abort()
        harness.connection.close()
        #expect(harness.server.log == ["client gone", "closed"])
    }

    @Test func `aborts an answer without completing it`() throws {
        let harness = try ServerHarness()
        try harness.send(Self.get)
        harness.connection.begin(ByteBuffer(string: "head"))
        harness.connection.abort()
        #expect(!harness.isOpen)
        #expect(try harness.received() == "head")
    }

    // MARK: Time

    @Test func `answers 408 when a head is not complete in 10 seconds`() throws {
        let harness = try ServerHarness()
        harness.advance(.seconds(50))
        try harness.send("GET / HTTP")
        // Bytes that trickle do not give more time.
        for _ in 0..<9 {
            harness.advance(.seconds(1))
            try harness.send("/")
        }
        #expect(try harness.statuses() == [400])

        let other = try ServerHarness()
        try other.send("GET / HTTP/1.1\r\nX: ")
        for _ in 0..<9 {
            other.advance(.seconds(1))
            try other.send("x")
        }
        #expect(try other.statuses() == [])
        other.advance(.milliseconds(1_020))
        #expect(try other.statuses() == [408])
        #expect(other.tap.isOutputClosed)
    }

    @Test func `does not give a head more time when the socket fills and empties`() throws {
        let harness = try ServerHarness()
        try harness.send("GET / HTTP/1.1\r\nX: ")
        harness.advance(.seconds(9))
        harness.setWritable(false)
        harness.setWritable(true)
        harness.advance(.milliseconds(1_020))
        #expect(try harness.statuses() == [408])
    }

    @Test func `answers 408 when a body pauses for 10 seconds or comes too slowly`() throws {
        let pausing = try ServerHarness()
        try pausing.send(
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + String(repeating: "x", count: 30_000))
        pausing.advance(.milliseconds(9_990))
        #expect(try pausing.statuses() == [])
        pausing.advance(.milliseconds(30))
        #expect(try pausing.statuses() == [408])

        for isChunked in [false, true] {
            let slow = try ServerHarness()
            try slow.send(
                "POST / HTTP/1.1\r\nHost: h\r\n\(isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 100000")\r\n\r\n"
            )
            var seconds = 0
            while try slow.statuses() == [], seconds < 60 {
                slow.advance(.seconds(1))
                // Half of what would be fast enough.
                try slow.send(
                    isChunked ? "200\r\n\(String(repeating: "x", count: 512))\r\n" : String(repeating: "x", count: 512))
                seconds += 1
            }
            #expect((9...11).contains(seconds), "\(seconds)")
        }
    }

    @Test func `takes a body that comes just fast enough`() throws {
        let harness = try ServerHarness()
        try harness.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 61440\r\n\r\n")
        for _ in 0..<60 {
            harness.advance(.milliseconds(990))
            try harness.send(String(repeating: "x", count: 1_024))
        }
        #expect(harness.server.requests.first?.body.readableBytes == 61_440)
    }

    @Test func `closes an idle connection after 60 seconds, counted from the last answer`() throws {
        let harness = try ServerHarness()
        harness.server.handle = { _, connection in connection.answer("") }
        harness.advance(.seconds(59))
        try harness.send(Self.get)
        harness.advance(.seconds(59))
        #expect(harness.isOpen && !harness.tap.isOutputClosed)
        harness.advance(.milliseconds(1_020))
        #expect(harness.tap.isOutputClosed)
        harness.advance(.seconds(2))
        #expect(!harness.isOpen)
        #expect(try harness.statuses() == [200])
    }

    @Test func `gives a handler all the time it needs`() throws {
        let harness = try ServerHarness()
        try harness.send(Self.get)
        harness.advance(.hours(1))
        harness.connection.answer("late")
        #expect(try harness.received().hasSuffix("late"))
    }

    @Test func `closes a stream whose client takes nothing for 30 seconds`() throws {
        let harness = try ServerHarness()
        try harness.send(Self.get)
        harness.connection.begin(ByteBuffer(string: "x"))
        harness.setWritable(false)
        harness.advance(.seconds(29))
        harness.setWritable(true)
        harness.advance(.hours(1))
        #expect(harness.isOpen)
        harness.setWritable(false)
        harness.advance(.milliseconds(30_020))
        #expect(!harness.isOpen)
        #expect(harness.server.log.suffix(5) == ["not writable", "writable", "not writable", "client gone", "closed"])
    }

    @Test func `closes when an answer is not taken and the next request waits`() throws {
        let harness = try ServerHarness()
        try harness.send(Self.get + Self.get)
        harness.setWritable(false)
        harness.connection.answer("")
        #expect(harness.server.requests.count == 1)
        harness.advance(.milliseconds(30_020))
        #expect(!harness.isOpen)
    }

    // MARK: Memory

    @Test func `keeps nobody alive when it has ended`() throws {
        weak var connection: HTTPServerConnection?
        weak var server: RecordingServer?
        try {
            let harness = try ServerHarness()
            connection = harness.connection
            server = harness.server
            try harness.send(Self.get)  // the server holds its connection from here on
            harness.connection.begin(ByteBuffer(string: "x"))
            harness.setWritable(false)
            _ = try harness.channel.finish(acceptAlreadyClosed: true)
            harness.channel.embeddedEventLoop.run()
        }()
        #expect(connection == nil)
        #expect(server == nil)
    }

    @Test func `takes a body in tiny chunks in time that grows with its length`() throws {
        func time(_ count: Int) throws -> Duration {
            let harness = try ServerHarness()
            let piece = ByteBuffer(string: String(repeating: "1\r\nx\r\n", count: 100))
            try harness.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            let start = threadTime()
            for _ in 0..<count { try harness.channel.writeInbound(piece) }
            try harness.send("0\r\n\r\n")
            let time = threadTime() - start
            #expect(harness.server.requests.first?.body.readableBytes == count * 100)
            return time
        }
        // Of this thread alone, so that a busy machine does not matter.
        let small = try min(time(20), time(20))
        #expect(try min(time(200), time(200)) < small * 50)  // quadratic would be a hundred times
    }
}

/// The time that this thread has worked.
private func threadTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
}

extension String {
    fileprivate func range(of text: String) -> Range<String.Index>? { ranges(of: text).first }
}
