import Testing

extension Integration {
    /// What calls notice of a real Redis that is unwell: nothing (reliability: "Redis").
    @Suite(.enabled(if: RedisServer.isThere, "redis-server is not installed")) struct SharedStateOutages {
        @Test func `it is killed`() async throws {
            let redis = try await RedisServer.start()
            let all = try await SharingGateways.start(redis: "url: \(redis.url)")
            try await all.expectNoHarm(.init(errors: ["connection_lost", "unavailable"])) {
                try await redis.crash()
            } end: {
                try await redis.restart()
            }
        }

        @Test func `it is stopped`() async throws {
            let redis = try await RedisServer.start()
            let all = try await SharingGateways.start(redis: "url: \(redis.url)")
            try await all.expectNoHarm(.init(errors: ["timeout"])) {
                redis.freeze()
            } end: {
                redis.thaw()
            }
        }

        @Test func `it runs a script without end`() async throws {
            let redis = try await RedisServer.start(["--busy-reply-threshold", "50"])
            let all = try await SharingGateways.start(redis: "url: \(redis.url)")
            var script: ChildProcess?
            try await all.expectNoHarm(.init(errors: ["timeout", "not_serving"])) {
                script = try redis.begin("EVAL", "while true do end", "0")
            } end: {
                try await redis.tell("SCRIPT", "KILL", answer: "OK")
            }
            await script?.stop()
        }

        @Test func `it sleeps`() async throws {
            let redis = try await RedisServer.start()
            let all = try await SharingGateways.start(redis: "url: \(redis.url)")
            var sleep: ChildProcess?
            try await all.expectNoHarm(.init(errors: ["timeout"], length: .seconds(2))) {
                sleep = try redis.begin("DEBUG", "SLEEP", "4")
            } end: {
                // Answered when it is awake.
                try await redis.tell("PING", answer: "PONG")
            }
            await sleep?.stop()
        }

        @Test func `it loads its data`() async throws {
            let redis = try await RedisServer.start()
            let all = try await SharingGateways.start(redis: "url: \(redis.url)")
            try await redis.ask("DEBUG", "POPULATE", "200000")
            try await redis.tell("SAVE", answer: "OK")
            try await all.expectNoHarm(.init(errors: ["not_serving"])) {
                try await redis.crash()
                try await redis.restart(
                    with: ["--key-load-delay", "100", "--loading-process-events-interval-bytes", "1024"], isReady: false
                )
            } end: {
                #expect(try await redis.ask("PING").hasPrefix("LOADING"))
                try await redis.ask("CONFIG", "SET", "key-load-delay", "0")
                try await eventually("it has loaded") { try await redis.ask("PING") == "PONG" }
            }
        }

        @Test func `it becomes a replica that takes no writes`() async throws {
            let redis = try await RedisServer.start()
            let all = try await SharingGateways.start(redis: "url: \(redis.url)")
            let nobody = try RedisServer.freePort()
            try await all.expectNoHarm(.init(errors: ["read_only"])) {
                try await redis.tell("REPLICAOF", "127.0.0.1", "\(nobody)", answer: "OK")
            } end: {
                try await redis.tell("REPLICAOF", "NO", "ONE", answer: "OK")
            }
        }

        @Test func `it has no memory left`() async throws {
            let redis = try await RedisServer.start(["--maxmemory-policy", "noeviction"])
            let all = try await SharingGateways.start(redis: "url: \(redis.url)")
            // Reads would still be served: it is not down.
            try await all.expectNoHarm(.init(errors: ["out_of_memory"], isDown: false)) {
                try await redis.tell("CONFIG", "SET", "maxmemory", "1", answer: "OK")
            } end: {
                try await redis.tell("CONFIG", "SET", "maxmemory", "0", answer: "OK")
            }
        }

        @Test func `its password has changed`() async throws {
            let redis = try await RedisServer.start(["--requirepass", "right"])
            let folder = try TemporaryFolder()
            let password = try folder.write("password", "right".utf8)
            let all = try await SharingGateways.start(redis: "url: \(redis.url), password: 'file:\(password.path)'")
            try await all.expectNoHarm(.init(errors: ["authentication"])) {
                try await redis.ask("CONFIG", "SET", "requirepass", "other", password: "right")
                try await redis.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes", password: "other")
            } end: {
                try await redis.ask("CONFIG", "SET", "requirepass", "right", password: "other")
            }
            let gateway = all.gateways[0].process
            #expect(gateway.complaints.contains("Redis refuses the user or the password"))
            #expect(!gateway.complaints.contains("right\"") && !gateway.complaints.contains("other\""))
        }

        @Test func `Sentinels choose another master`() async throws {
            let master = try await RedisServer.start()
            let replica = try await RedisServer.start(["--replicaof", "127.0.0.1", "\(master.port)"])
            var sentinels: [RedisServer] = []
            for _ in 0..<3 { sentinels.append(try await RedisServer.startSentinel(of: master)) }
            for sentinel in sentinels {
                try await eventually("the Sentinel knows the others and the replica") {
                    let facts = try await sentinel.ask("SENTINEL", "MASTER", "main").split(separator: "\n")
                    func fact(_ name: String) -> Substring? {
                        facts.firstIndex(of: name[...]).map { facts[facts.index(after: $0)] }
                    }
                    return fact("num-other-sentinels") == "2" && fact("num-slaves") == "1"
                }
            }
            let others = sentinels.dropFirst().map { "'\($0.address)'" }.joined(separator: ", ")
            let all = try await SharingGateways.start(
                redis: "url: \(sentinels[0].url), sentinel: { master: main, others: [\(others)] }")
            try await all.expectNoHarm(
                .init(errors: ["connection_lost", "unavailable", "read_only"], isDown: false, length: .seconds(1))
            ) {
                try await master.crash()
            } end: {
                try await eventually("there is another master") {
                    try await replica.ask("ROLE").hasPrefix("master")
                }
            }
        }

        @Test func `a cluster moves its slot from one server to another`() async throws {
            let cluster = try await RedisCluster.start()
            let others = cluster.servers.dropFirst().map { "'\($0.address)'" }.joined(separator: ", ")
            let all = try await SharingGateways.start(
                redis: "url: \(cluster.servers[0].url), cluster: { others: [\(others)] }")
            try await all.expectNoHarm(.init(errors: [], isDown: false, length: .seconds(1))) {
                try await cluster.beginMove(ofSlotOf: "{a}")
            } end: {
                try await cluster.endMove(ofSlotOf: "{a}")
            }
        }
    }
}
