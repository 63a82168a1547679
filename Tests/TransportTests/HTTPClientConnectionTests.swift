import NIOCore
import NIOEmbedded
import Testing
import Transport
import Wire

@Suite struct HTTPClientConnectionTests {
    /// A client connection on an embedded channel.
    private final class Harness {
        let channel = EmbeddedChannel()
        let client = RecordingClient()
        let connection = HTTPClientConnection()
        let tap = ChannelTap()

        init(sends: Bool = true) throws {
            connection.delegate = client
            try channel.pipeline.syncOperations.addHandlers([tap, connection])
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
            if sends { send() }
        }

        func send() {
            connection.send(ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"))
            client.clearLog()
        }

        func receive(_ text: String) throws {
            try channel.writeInbound(ByteBuffer(string: text))
        }

        var isOpen: Bool { channel.isActive }
    }

    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    // MARK: Requests in parts

    @Test func `sends a request in parts, and is used again after it`() throws {
        let harness = try Harness(sends: false)
        harness.connection.send(ByteBuffer(string: "one "), isComplete: false)
        var isTaken = [Bool]()
        for (text, isLast) in [("two ", false), ("three", true)] {
            let promise = harness.channel.eventLoop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenSuccess { isTaken.append(isLast) }
            harness.connection.sendMore(ByteBuffer(string: text), isComplete: isLast, taken: promise)
        }
        #expect(isTaken == [false, true])
        var sent = ""
        while let piece = try harness.channel.readOutbound(as: ByteBuffer.self) { sent += String(buffer: piece) }
        #expect(sent == "one two three")
        try harness.receive(Self.ok)
        #expect(harness.connection.isReusable)
    }

    @Test func `takes no more of a request that is complete or answered`() throws {
        for isComplete in [true, false] {
            let harness = try Harness(sends: false)
            harness.connection.send(ByteBuffer(string: "one"), isComplete: isComplete)
            if !isComplete { try harness.receive(Self.ok) }
            let promise = harness.channel.eventLoop.makePromise(of: Void.self)
            var failure: (any Error)?
            promise.futureResult.assumeIsolated().whenFailure { failure = $0 }
            harness.connection.sendMore(ByteBuffer(string: "two"), isComplete: true, taken: promise)
            #expect(failure as? HTTPClientFailure == .misused)
            // A server that has answered before the end may take what follows for another request.
            #expect(harness.connection.isOpen == isComplete)
        }
    }

    // MARK: Answers

    @Test func `tells when it is connected and sends the request`() throws {
        let harness = try Harness(sends: false)
        #expect(harness.client.log == ["connected"])
        #expect(harness.connection.isReusable && harness.connection.isOpen)
        harness.connection.send(ByteBuffer(string: "request"))
        #expect(!harness.connection.isReusable)
        #expect(try harness.channel.readOutbound(as: ByteBuffer.self) == ByteBuffer(string: "request"))
    }

    @Test(
        arguments: [
            (ok, ["head 200 Content-Length=2", "body ok", "end"]),
            ("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", ["head 202 Content-Length=0", "end"]),
            ("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", ["head 204 Content-Length=5", "end"]),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: u\r\n\r\n",
                ["head 200 Transfer-Encoding=chunked", "body abcde", "end"]
            ),
            (
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
                ["head 200 Connection=close,Content-Length=1", "body x", "end last"]
            ),
            ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", ["head 200 Content-Length=1", "body x", "end last"]),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\nLink: y\r\n\r\n" + ok,
                ["head 200 Content-Length=2", "body ok", "end"]
            ),
            // Malformed.
            ("HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx", ["failed malformed(Wire.HTTPError.framing)"]),
            ("HTTP/2 200\r\n\r\n", ["failed malformed(Wire.HTTPError.version)"]),
            ("<html>", ["failed malformed(Wire.HTTPError.startLine)"]),
            ("HTTP/1.1 200 OK\r\nA: \u{0}\r\n\r\n", ["failed malformed(Wire.HTTPError.field)"]),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc",
                ["head 200 Transfer-Encoding=chunked", "body ab", "failed malformed(Wire.HTTPError.chunk)"]
            ),
            // Never asked for.
            ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", ["failed unexpected"]),
            (
                String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 16) + ok,
                ["head 200 Content-Length=2", "body ok", "end"]
            ),
            (String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 17), ["failed unexpected"]),
        ] as [(String, [String])])
    func `reads an answer the same however it is cut`(_ text: String, _ expected: [String]) throws {
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            let harness = try Harness()
            try harness.channel.writeInbound(ByteBuffer(bytes: bytes[..<cut]))
            try harness.channel.writeInbound(ByteBuffer(bytes: bytes[cut...]))
            #expect(harness.client.log == expected, "cut at \(cut)")
            #expect(harness.isOpen == (expected.last == "end"))
            #expect(harness.connection.isReusable == (expected.last == "end"))
        }
        let harness = try Harness()
        for byte in bytes { try harness.channel.writeInbound(ByteBuffer(bytes: [byte])) }
        #expect(harness.client.log == expected)
    }

    @Test func `is used for one exchange after another`() throws {
        let harness = try Harness(sends: false)
        for round in 1...3 {
            harness.send()
            try harness.receive("HTTP/1.1 200 OK\r\nRound: \(round)\r\nContent-Length: 2\r\n\r\nok")
            #expect(harness.client.log == ["head 200 Round=\(round),Content-Length=2", "body ok", "end"])
        }
    }

    @Test func `sends the next request from within the end of an answer`() throws {
        let harness = try Harness()
        harness.client.onEvent = { event, connection in
            if event == "end" { connection.send(ByteBuffer(string: "next")) }
        }
        try harness.receive(Self.ok)
        harness.client.onEvent = nil
        try harness.receive("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        #expect(
            harness.client.log == ["head 200 Content-Length=2", "body ok", "end", "head 201 Content-Length=0", "end"])
    }

    @Test func `counts interim answers anew for every exchange`() throws {
        let harness = try Harness()
        for _ in 0..<3 {
            try harness.receive(String(repeating: "HTTP/1.1 102 X\r\n\r\n", count: 16) + Self.ok)
            #expect(harness.client.log.last == "end")
            harness.send()
        }
    }

    @Test func `fails an answer that has bytes behind its end`() throws {
        for text in [Self.ok + "x", Self.ok + "\r\n", "HTTP/1.1 204 X\r\n\r\nx", Self.ok + Self.ok] {
            let harness = try Harness()
            try harness.receive(text)
            #expect(harness.client.log.last == "failed unexpected")
            #expect(!harness.client.log.contains("end") && !harness.isOpen)
        }
    }

    @Test func `closes when an answer comes that nobody asked for`() throws {
        let fresh = try Harness(sends: false)
        try fresh.receive("HTTP/1.1 408 Request Timeout\r\n\r\n")
        #expect(fresh.client.log == ["connected", "closed"])
        #expect(!fresh.isOpen && !fresh.connection.isOpen)

        let used = try Harness()
        try used.receive(Self.ok)
        try used.receive("x")
        #expect(used.client.log.suffix(2) == ["end", "closed"])
        #expect(!used.isOpen)
    }

    @Test(arguments: [
        "", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
    ])
    func `never takes a cut answer for a whole one`(_ text: String) throws {
        let harness = try Harness()
        try harness.receive(text)
        _ = try harness.channel.finish()
        #expect(harness.client.log.last == "failed closed(sentBytes: true)")
        #expect(!harness.client.log.contains { $0.hasPrefix("end") })
    }

    @Test func `takes the end of the connection for the end of an answer without a length`() throws {
        let harness = try Harness()
        try harness.receive("HTTP/1.1 200 OK\r\n\r\nabc")
        #expect(harness.client.log == ["head 200 ", "body abc"])
        _ = try harness.channel.finish()
        #expect(harness.client.log == ["head 200 ", "body abc", "end last"])
    }

    @Test func `does not take a reset for the end of an answer without a length`() throws {
        let harness = try Harness()
        try harness.receive("HTTP/1.1 200 OK\r\n\r\nabc")
        harness.channel.pipeline.fireErrorCaught(IOError(errnoCode: 104, reason: "reset"))
        #expect(harness.client.log == ["head 200 ", "body abc", "failed closed(sentBytes: true)"])
        #expect(!harness.isOpen)
    }

    @Test func `tells that an idle connection has closed`() throws {
        let harness = try Harness()
        try harness.receive(Self.ok)
        _ = try harness.channel.finish()
        #expect(harness.client.log.suffix(2) == ["end", "closed"])
        #expect(!harness.connection.isReusable && !harness.connection.isOpen)
    }

    @Test func `is not used again when the answer came before the request was written`() throws {
        let harness = try Harness(sends: false)
        let hold = WriteHold()
        try harness.channel.pipeline.syncOperations.addHandler(hold, position: .first)
        harness.connection.send(ByteBuffer(repeating: 0x78, count: 100_000))
        harness.client.clearLog()
        try harness.receive("HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n")
        #expect(harness.client.log == ["head 413 Content-Length=0", "end last"])
        #expect(!harness.isOpen)
        hold.promise?.fail(ChannelError.ioOnClosedChannel)

        let written = try Harness(sends: false)
        written.connection.send(ByteBuffer(repeating: 0x78, count: 100_000))
        try written.receive(Self.ok)
        #expect(written.client.log.last == "end" && written.isOpen)
    }

    /// Holds writes back, as a full socket does.
    private final class WriteHold: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        var promise: EventLoopPromise<Void>?

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            self.promise = promise
        }
    }

    @Test func `tells when everything that came has been told, only within an answer`() throws {
        let harness = try Harness()
        var events: [String] = []
        harness.client.onEvent = { event, _ in events.append(event) }
        try harness.receive("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        try harness.receive("ab")
        try harness.receive("cd")
        #expect(events == ["head 200 Content-Length=4", "readComplete", "body ab", "readComplete", "body", "end"])
    }

    // MARK: Pausing

    @Test func `reads no more while it is paused`() throws {
        let harness = try Harness()
        try harness.receive("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
        harness.connection.pause()
        let reads = harness.tap.readCount
        harness.channel.pipeline.fireChannelReadComplete()
        #expect(harness.tap.readCount == reads)
        harness.connection.resume()
        #expect(harness.tap.readCount == reads + 1)
        harness.connection.resume()
        #expect(harness.tap.readCount == reads + 1)
        harness.channel.pipeline.fireChannelReadComplete()
        #expect(harness.tap.readCount == reads + 2)
    }

    @Test func `reads the next answer although it was paused in the last`() throws {
        let harness = try Harness()
        try harness.receive("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab")
        harness.connection.pause()
        harness.channel.pipeline.fireChannelReadComplete()
        var reads = harness.tap.readCount
        try harness.receive("c")
        #expect(harness.client.log.last == "end")
        #expect(harness.tap.readCount > reads)
        harness.send()
        reads = harness.tap.readCount
        harness.channel.pipeline.fireChannelReadComplete()
        #expect(harness.tap.readCount == reads + 1)
    }

    // MARK: Connecting and closing

    @Test func `ends when a second request is sent before the answer to the first`() throws {
        let harness = try Harness()
        harness.connection.send(ByteBuffer(string: "another"))
        #expect(harness.client.log == ["failed misused"])
        #expect(!harness.isOpen)
        // Only the first has left.
        var sent = ""
        while let part = try harness.channel.readOutbound(as: ByteBuffer.self) { sent += String(buffer: part) }
        #expect(sent == "GET / HTTP/1.1\r\n\r\n")
    }

    @Test func `tells once that the connection could not be made`() {
        let connection = HTTPClientConnection()
        let client = RecordingClient()
        connection.delegate = client
        connection.connectFailed()
        connection.connectFailed()
        #expect(client.log == ["failed connect"])
        #expect(connection.delegate == nil)
        #expect(!connection.isOpen && !connection.isReusable)
    }

    @Test func `closes when it was closed before it was connected`() throws {
        // Before there was a channel to close.
        let early = HTTPClientConnection()
        let client = RecordingClient()
        early.delegate = client
        early.close()
        let channel = EmbeddedChannel()
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        try channel.pipeline.syncOperations.addHandler(early)
        #expect(!channel.isActive)
        #expect(client.log == [])

        // While the channel was connecting.
        let late = HTTPClientConnection()
        late.delegate = client
        let other = EmbeddedChannel()
        try other.pipeline.syncOperations.addHandler(late)
        late.close()
        #expect(other.closeFuture.isFulfilledNow)
        late.connectFailed()
        #expect(client.log == [])
    }

    @Test func `hears twice that its channel is open and is told once`() throws {
        let connection = HTTPClientConnection()
        let client = RecordingClient()
        connection.delegate = client
        client.onEvent = { _, connection in connection.send(ByteBuffer(string: "request")) }
        let channel = EmbeddedChannel()
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        try channel.pipeline.syncOperations.addHandler(connection)
        channel.pipeline.fireChannelActive()
        #expect(client.log == ["connected"])
        #expect(channel.isActive)
    }

    @Test func `closes when nobody wants it any more`() throws {
        let connection = HTTPClientConnection()
        let channel = EmbeddedChannel()
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        try channel.pipeline.syncOperations.addHandler(connection)
        #expect(!channel.isActive && !connection.isReusable)
    }

    @Test(arguments: ["connected", "head 200 Content-Length=2", "body ok", "end"])
    func `says nothing more after it was closed from within an event`(_ event: String) throws {
        let harness = try Harness(sends: false)
        harness.client.onEvent = { told, connection in if told == event { connection.close() } }
        let other = try Harness(sends: event != "connected")
        other.client.onEvent = harness.client.onEvent
        if event == "connected" {
            harness.connection.delegate = harness.client
            let fresh = HTTPClientConnection()
            fresh.delegate = harness.client
            let channel = EmbeddedChannel()
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
            try channel.pipeline.syncOperations.addHandler(fresh)
            #expect(!channel.isActive && harness.client.log == ["connected", "connected"])
        } else {
            try other.receive(Self.ok)
            #expect(other.client.log.last == event)
            #expect(!other.isOpen)
        }
    }

    @Test func `keeps nobody alive when it has ended`() throws {
        // An owner that holds its connection, as one must.
        final class Owner {
            let connection = HTTPClientConnection()
            let client = RecordingClient()
            init() {
                client.onEvent = { [self] _, _ in _ = self }
                connection.delegate = client
            }
        }
        weak var failed: Owner?
        weak var closed: Owner?
        weak var lost: Owner?
        try {
            let first = Owner()
            failed = first
            first.connection.connectFailed()
            first.client.onEvent = nil
            let second = Owner()
            closed = second
            second.connection.close()
            second.client.onEvent = nil
            let third = Owner()
            lost = third
            let channel = EmbeddedChannel()
            try channel.pipeline.syncOperations.addHandler(third.connection)
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
            _ = try channel.finish()
            channel.embeddedEventLoop.run()
            third.client.onEvent = nil
            #expect(first.connection.delegate == nil)
            #expect(second.connection.delegate == nil)
            #expect(third.connection.delegate == nil)
        }()
        #expect(failed == nil && closed == nil && lost == nil)
    }

    @Test func `holds no long head of an answer that is over`() throws {
        let harness = try Harness()
        let long = "HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 3_000))\r\nContent-Length: 0\r\n\r\n"
        try harness.receive(long)
        #expect(harness.client.log.last == "end")
        #expect(harness.connection.answerHead.bytes.count == 0)
        #expect(harness.connection.answerHead.response.status == 0)
    }
}

extension EventLoopFuture {
    /// Whether the future of an embedded loop has a value or an error.
    fileprivate var isFulfilledNow: Bool {
        let flag = Flag()
        whenComplete { _ in flag.set() }
        (eventLoop as? EmbeddedEventLoop)?.run()
        return flag.isSet
    }
}
