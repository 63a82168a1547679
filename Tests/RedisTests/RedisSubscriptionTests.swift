import NIOCore
import Redis
import Synchronization
import Testing
import Wire

@Suite(.needsRedis, .timeLimit(.minutes(5))) struct RedisSubscriptionTests {
    /// What a subscription has told.
    private final class Recorder: Sendable {
        private let events = Mutex<[String]>([])

        var text: [String] { events.withLock { $0 } }

        func note(_ event: RedisSubscription.Event) {
            let line =
                switch event {
                case .began: "began"
                case .message(let text, let channel): "\(String(buffer: channel)): \(String(buffer: text))"
                case .lost: "lost"
                }
            events.withLock { $0.append(line) }
        }
    }

    @Test func `tells what is said, and when it may have missed something`() async throws {
        let server = try await RedisServer.start()
        let test = try await TestClient.connected(.patient(server.url))
        let recorder = Recorder()
        let subscription = try await test.client.subscribe(to: ["one", "two"], on: test.loop) { recorder.note($0) }
        try await eventually("it begins") { recorder.text == ["began"] }
        #expect(try await test.send(.publish("hello", on: "one")) == .integer(1))
        #expect(try await test.send(.publish("", on: "two")) == .integer(1))
        #expect(try await test.send(.publish("x", on: "three")) == .integer(0))
        try await eventually("they arrive") { recorder.text.count == 3 }
        #expect(recorder.text == ["began", "one: hello", "two: "])

        server.crash()
        try await eventually("it is lost") { recorder.text.last == "lost" }
        try await server.launch()
        try await eventually("it begins again") { recorder.text.last == "began" }
        try await test.up()
        _ = try await test.send(.publish("again", on: "two"))
        try await eventually("it arrives") { recorder.text.last == "two: again" }

        await subscription.cancel()
        #expect(try await test.send(.publish("x", on: "one")) == .integer(0))
        #expect(recorder.text == ["began", "one: hello", "two: ", "lost", "began", "two: again"])
        await test.client.shutdown()
    }

    @Test func `notices that the server has fallen silent`() async throws {
        let server = try await RedisServer.start()
        let test = try await TestClient.connected(.patient(server.url))
        let recorder = Recorder()
        let subscription = try await test.client.subscribe(to: ["one"], on: test.loop) { recorder.note($0) }
        try await eventually("it begins") { recorder.text == ["began"] }
        server.freeze()
        try await eventually("it is lost") { recorder.text == ["began", "lost"] }
        server.thaw()
        try await eventually("it begins again") { recorder.text == ["began", "lost", "began"] }
        await subscription.cancel()
        await test.client.shutdown()
    }

    @Test func `understands the messages of RESP2`() async throws {
        let pings = Counter()
        let server = try await ScriptedServer.start { _, words in
            switch words.joined(separator: " ") {
            case "CLIENT SETNAME mcp-gateway": return .bytes("+OK\r\n")
            case "SUBSCRIBE a b":
                return .bytes("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n")
            case "PING":
                // The first belongs to the handshake; behind the subscription the answer has another form.
                if pings.add() <= 2 { return .bytes("+PONG\r\n") }
                let message = "*3\r\n$7\r\nmessage\r\n$1\r\nb\r\n$2\r\nhi\r\n"
                return .bytes(message + "*2\r\n$4\r\npong\r\n$0\r\n\r\n" + message)
            default: return .bytes("-ERR unknown command\r\n")
            }
        }
        let test = try await TestClient.connected(.patient(server.url))
        let recorder = Recorder()
        let subscription = try await test.client.subscribe(to: ["a", "b"], on: test.loop) { recorder.note($0) }
        try await eventually("messages arrive") { recorder.text.count >= 5 }
        #expect(recorder.text.prefix(5) == ["b: hi", "began", "b: hi", "b: hi", "b: hi"])
        await subscription.cancel()
        await test.client.shutdown()
    }

    @Test func `is refused where the user may not subscribe`() async throws {
        let server = try await RedisServer.start(["--user", "bob", "on", ">pw", "~*", "+@all", "resetchannels"])
        var url = server.url
        url.credentials = RedisCredentials(username: "bob", password: "pw")
        let test = try await TestClient.connected(.patient(url))
        let recorder = Recorder()
        let subscription = try await test.client.subscribe(to: ["a"], on: test.loop) { recorder.note($0) }
        try await eventually("it is said once") { test.log.text.contains { $0.hasPrefix("error") } }
        #expect(recorder.text == [])
        await subscription.cancel()
        await test.client.shutdown()
    }
}
