import Foundation
import NIOCore
import NIOEmbedded
import Testing
import Wire

@testable import Redis

/// Connections whose time is moved by hand.
@Suite(.timeLimit(.minutes(5))) struct RedisConnectionDeadlineTests {
    /// A connection on an embedded channel, and what it tells.
    private final class Harness: RedisConnectionDelegate {
        let channel = EmbeddedChannel()
        let connection: RedisConnection
        private(set) var log: [String] = []

        init() throws {
            connection = RedisConnection(
                on: channel.eventLoop, handshake: RedisHandshake(credentials: nil, database: 0, clientName: "me"),
                handshakeTimeout: .milliseconds(500))
            connection.delegate = self
            try channel.pipeline.syncOperations.addHandler(connection)
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        }

        /// Answers the handshake.
        func shakeHands() throws {
            try receive("%0\r\n")
            try receive("+PONG\r\n")
            #expect(connection.isReady)
        }

        func receive(_ text: String) throws {
            channel.embeddedEventLoop.run()
            try channel.writeInbound(ByteBuffer(string: text))
            channel.embeddedEventLoop.run()
        }

        func send(_ key: String, timeout: TimeAmount = .milliseconds(20)) {
            connection.send(.get(key), timeout: timeout) { [self] reply in
                switch reply {
                case .success(let value): log.append("\(key): \(value.string.map { String(buffer: $0) } ?? "-")")
                case .failure(let error): log.append("\(key): \(error)")
                }
            }
        }

        func advance(_ milliseconds: Int64) {
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(milliseconds))
        }

        func ready(_ connection: RedisConnection) { log.append("ready") }

        func answered(_ count: Int, on connection: RedisConnection) { log.append("answered \(count)") }

        func refused(_ pending: RedisPendingCommand, _ error: RedisError, on connection: RedisConnection) -> Bool {
            log.append("refused \(error)")
            return false
        }

        func pushed(_ elements: [RESPValue], on connection: RedisConnection) { log.append("pushed \(elements.count)") }

        func closed(_ connection: RedisConnection, _ reason: RedisError, waitingCount: Int) {
            log.append("closed \(reason) \(waitingCount)")
        }
    }

    @Test func `waits for exactly as long as it may`() throws {
        let harness = try Harness()
        try harness.shakeHands()
        harness.send("a")
        harness.advance(19)
        #expect(harness.log == ["ready"])
        harness.advance(1)
        #expect(harness.log == ["ready", "closed timeout 1", "a: timeout"])
        #expect(!harness.channel.isActive)
        // What comes now comes too late.
        harness.send("b")
        #expect(harness.log.last == "b: unavailable")
    }

    @Test func `does not end a connection on which replies come in time`() throws {
        let harness = try Harness()
        try harness.shakeHands()
        for round in 0..<100 {
            harness.send("\(round)")
            harness.advance(15)
            try harness.receive("+\(round)\r\n")
        }
        #expect(harness.log.filter { $0 == "answered 1" }.count == 100)
        #expect(harness.log.last == "answered 1")
        harness.advance(10_000)
        #expect(harness.channel.isActive)
        #expect(harness.connection.waitingCount == 0)
    }

    @Test func `tells who was late and who only lost the connection`() throws {
        let harness = try Harness()
        try harness.shakeHands()
        harness.send("long", timeout: .seconds(1))
        harness.advance(5)
        harness.send("short")
        harness.advance(10)
        harness.send("later")
        harness.advance(10)
        #expect(
            harness.log == [
                "ready", "closed timeout 3", "long: connectionLost", "short: timeout", "later: connectionLost",
            ])
    }

    @Test func `gives up a handshake that is not answered`() throws {
        let harness = try Harness()
        harness.advance(499)
        #expect(harness.log == [])
        harness.advance(1)
        #expect(harness.log == ["closed timeout 0"])
        #expect(!harness.channel.isActive)
    }

    @Test func `hands on pushes, errors and counts`() throws {
        let harness = try Harness()
        try harness.shakeHands()
        for key in ["a", "b", "c", "d"] { harness.send(key) }
        try harness.receive("+1\r\n>2\r\n+invalidate\r\n_\r\n-ERR no\r\n+3\r\n")
        #expect(
            harness.log == [
                "ready", "a: 1", "pushed 2", "refused refused(\"ERR no\")", "b: refused(\"ERR no\")", "c: 3",
                "answered 2",
            ])
        #expect(harness.connection.waitingCount == 1)
        try harness.receive("+4\r\n+5\r\n")
        #expect(harness.log.suffix(2) == ["d: 4", "closed protocolViolation 0"])
    }

    @Test func `forgives the server when the loop itself was late`() async throws {
        guard RedisServer.executable != nil else { return }
        let server = try await RedisServer.start()
        let test = try await TestClient.connected(RedisOptions(server.url))
        let client = test.client
        let loop = test.loop
        // Once is enough: a loop that does not forgive never does, while a starved server may really be late.
        try await eventually("the loop forgives") {
            try await test.up()
            let outcome = try await loop.flatSubmit {
                let promise = loop.makePromise(of: Result<RESPValue, RedisError>.self)
                client.lane(on: loop).send(.get("key")) { promise.succeed($0) }
                // When the reply has come, before it is read.
                loop.scheduleTask(in: .milliseconds(1)) { usleep(60_000) }
                return promise.futureResult
            }.get()
            return outcome == .success(.null)
        }
        await client.shutdown()
    }
}
