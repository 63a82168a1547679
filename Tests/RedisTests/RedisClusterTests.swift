import NIOCore
import Testing
import Wire

@testable import Redis

@Suite(.needsRedis, .timeLimit(.minutes(5))) struct RedisClusterTests {
    private func slot(_ key: String) -> Int {
        ByteBuffer(string: key).withByteView { RedisSlot.number(of: $0) }
    }

    @Test func `hashes keys as the specification says`() async throws {
        #expect(slot("123456789") == 0x31C3)
        #expect(slot("{user1000}.following") == slot("{user1000}.followers"))
        #expect(slot("foo{}{bar}") == slot("foo{}{bar}"))
        #expect(slot("foo{{bar}}zap") == slot("{bar"))
        #expect(slot("foo{bar}{zap}") == slot("bar"))
        #expect(slot("foo{bar") != slot("bar"))
        #expect(slot("") == 0)
        // As a server does it, for any bytes.
        let server = try await RedisServer.start(["--cluster-enabled", "yes", "--databases", "1"])
        let test = try await TestClient.connected(.patient(server.url))
        for key in [
            "", "a", "foo{}{bar}", "{}", "}{a}", "a{b}c", "{", "}", "ké\r\n{€}", String(repeating: "x{y", count: 99),
        ] {
            #expect(try await test.send(.make("CLUSTER", "KEYSLOT", key)) == .integer(Int64(slot(key))), "\(key)")
        }
        await test.client.shutdown()
    }

    @Test func `knows the slot of a command by its first key`() {
        #expect(RedisCommand.get("foo").slot == slot("foo"))
        #expect(RedisCommand.set("{a}b", to: "x", for: .seconds(1)).slot == slot("a"))
        let script = RedisScript("return 1", isWrite: false)
        let call = RedisCommand.call(script, keys: ["{k}1", "{k}2"], arguments: ["x"])
        #expect(call.slot == slot("k"))
        #expect(call.withSource?.slot == slot("k"))
        #expect(RedisCommand.call(script, keys: [String](), arguments: ["x"]).slot == nil)
        #expect(RedisCommand.ping.slot == nil)
    }

    @Test func `reads maps of slots, and refuses what is none`() {
        func read(_ text: String) -> [RedisSlotRange]? {
            var parser = RESPParser()
            var bytes = ByteBuffer(string: text.replacing("|", with: "\r\n"))
            return (try? parser.next(in: &bytes)).flatMap {
                RedisSlotRange.ranges($0, from: .tcp(host: "me", port: 1))
            }
        }
        let node = "*3|$1|h|:7|$2|id|"
        #expect(
            read("*2|*3|:0|:5|\(node)*3|:6|:16383|*4|$0||:8|$2|id|*0|")
                == [
                    RedisSlotRange(slots: 0...5, master: .tcp(host: "h", port: 7)),
                    RedisSlotRange(slots: 6...16_383, master: .tcp(host: "me", port: 8)),
                ])
        #expect(read("*1|*3|:0|:0|*2|$1|?|:7|")?.first?.master == .tcp(host: "me", port: 7))
        #expect(read("*1|*3|:0|:0|*2|_|:7|")?.first?.master == .tcp(host: "me", port: 7))
        #expect(read("*0|") == [])
        for text in [
            "+OK|", "*1|:1|", "*1|*2|:0|:5|", "*1|*3|:5|:0|\(node)", "*1|*3|:0|:16384|\(node)", "*1|*3|:-1|:5|\(node)",
            "*1|*3|:0|:5|*0|", "*1|*3|:0|:5|*2|$1|h|:0|", "*1|*3|:0|:5|*2|$1|h|$1|7|",
            "*2|*3|:0|:16383|\(node)*3|:5|:5|\(node)",
        ] {
            #expect(read(text) == nil, "\(text)")
        }
    }

    @Test func `sends each command to the server that has its key`() async throws {
        let cluster = try await TestCluster.start()
        let test = try await TestClient.start(cluster.options())
        try await eventually("it is served") { await test.failure(.get("a")) == nil }
        for number in 0..<300 {
            let key = "key-\(number)"
            #expect(await test.failure(.set(key, to: key, for: .seconds(100))) == nil)
            #expect(try await test.text(.get(key)) == key)
        }
        var total: Int64 = 0
        for index in 0..<3 {
            let size = try await cluster.tell(index, .make("DBSIZE")).integer ?? 0
            #expect(size > 50)
            total += size
        }
        #expect(total == 300)
        #expect(test.count(.moved) == 0)
        // Keys of one slot, in a script that not every server knows yet.
        let script = RedisScript("return redis.call('INCRBY', KEYS[1], ARGV[1])", isWrite: true)
        for user in 0..<20 {
            let keys = ["{user-\(user)}.a", "{user-\(user)}.b"]
            #expect(try await test.send(.call(script, keys: keys, arguments: ["3"])) == .integer(3))
        }
        let across = await test.failure(.call(script, keys: ["a", "b"], arguments: ["3"]))
        #expect(across?.kind == .refused)
        #expect(try await test.text(.ping) == "PONG")
        await test.client.shutdown()
    }

    @Test func `follows a slot that is moved, and one that is on its way`() async throws {
        let cluster = try await TestCluster.start()
        let test = try await TestClient.start(cluster.options())
        // Keys of one slot of the first server.
        let key = try #require((0..<1_000).map { "{\($0)}" }.first { slot($0) < 5_000 })
        let number = "\(slot(key))"
        try await eventually("it is served") {
            await test.failure(.set(key + "old", to: "1", for: .seconds(100))) == nil
        }

        // On its way to the second: what is not on the first any more is asked of the second.
        _ = try await cluster.tell(1, .make("CLUSTER", "SETSLOT", number, "IMPORTING", cluster.id(0)))
        _ = try await cluster.tell(0, .make("CLUSTER", "SETSLOT", number, "MIGRATING", cluster.id(1)))
        #expect(try await test.text(.get(key + "old")) == "1")
        #expect(await test.failure(.set(key + "new", to: "2", for: .seconds(100))) == nil)
        #expect(try await test.text(.get(key + "new")) == "2")
        #expect(test.count(.ask) == 2)
        // Some of the keys here, some there.
        #expect(await test.failure(.make("MGET", key + "old", key + "new")) != nil)
        var both = RedisCommand("MGET", isWrite: false)
        both.appendKey(key + "old")
        both.appendKey(key + "new")
        #expect(await test.failure(both) == .tryAgain)

        // Moved: the first that is refused goes on, the others go to the right server at once.
        _ = try await cluster.tell(
            0, .make("MIGRATE", "127.0.0.1", "\(cluster.servers[1].port)", key + "old", "0", "5000"))
        for index in [1, 0, 2] {
            _ = try await cluster.tell(index, .make("CLUSTER", "SETSLOT", number, "NODE", cluster.id(1)))
        }
        let before = test.count(.moved)
        for _ in 0..<10 {
            #expect(try await test.text(.get(key + "old")) == "1")
            #expect(try await test.text(.get(key + "new")) == "2")
        }
        // None if the map of the slots was read anew meanwhile.
        #expect(test.count(.moved) <= before + 1)
        await test.client.shutdown()
    }

    @Test func `goes from server to server at most twice`() async throws {
        // Each says that the other one has it.
        let asked = Counter()
        func server(_ other: @escaping @Sendable () -> Int, _ own: @escaping @Sendable () -> Int) async throws
            -> ScriptedServer
        {
            try await ScriptedServer.startAfterHandshake { _, words in
                if words[0] == "CLUSTER" {
                    return .bytes("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:\(own())\r\n")
                }
                asked.add()
                return .bytes("-MOVED 1 127.0.0.1:\(other())\r\n")
            }
        }
        let box = Ports()
        let first = try await server({ box.value[1] }, { box.value[0] })
        let second = try await server({ box.value[0] }, { box.value[1] })
        box.set([first.port, second.port])
        let test = try await TestClient.start(.patient(first.url, topology: .cluster()))
        try await eventually("both are connected") {
            let before = asked.value
            let error = await test.failure(.get("a"))
            guard case .moved = error else { return false }
            return asked.value - before == 3
        }
        await test.client.shutdown()
    }

    @Test func `serves the slots of other servers while one is gone`() async throws {
        let cluster = try await TestCluster.start(["--cluster-require-full-coverage", "no"])
        let test = try await TestClient.start(cluster.options())
        let keys = (0..<60).map { "key-\($0)" }
        try await eventually("it is served") { await test.failure(.get("a")) == nil }
        try await eventually("by all") { test.client.status.isUp }
        cluster.servers[0].crash()
        try await eventually("it is noticed") { !test.client.status.isUp }
        for key in keys {
            let error = await test.failure(.get(key))
            if slot(key) <= 5_460 {
                #expect(
                    error == .unavailable || error == .connectionLost || error == .clusterDown,
                    "\(String(describing: error))")
            } else {
                #expect(error == nil)
            }
        }
        try await cluster.servers[0].launch()
        try await eventually("all are served again") {
            for key in keys where await test.failure(.get(key)) != nil { return false }
            return test.client.status.isUp
        }
        await test.client.shutdown()
    }

    @Test func `follows a replica that takes over`() async throws {
        let cluster = try await TestCluster.start(hasReplica: true)
        let test = try await TestClient.start(cluster.options(1))
        let key = try #require((0..<1_000).map { "{\($0)}" }.first { slot($0) < 5_000 })
        try await eventually("it is served") { await test.failure(.set(key, to: "1", for: .seconds(1_000))) == nil }
        cluster.servers[0].crash()
        try await eventually("the replica is elected") {
            let text = try await cluster.tell(3, .make("INFO", "replication")).string.map { String(buffer: $0) }
            return text?.contains("role:master") == true
        }
        let start = ContinuousClock.now
        try await eventually("writing goes on") { await test.failure(.set(key, to: "2", for: .seconds(1_000))) == nil }
        #expect(ContinuousClock.now - start < .seconds(6))
        try await eventually("all that is left is well") { test.client.status.isUp }
        await test.client.shutdown()
    }
}
