import Testing

extension Integration {
    /// Changes of which one gateway hears and of which another has to know.
    @Suite(.enabled(if: RedisServer.isThere, "redis-server is not installed"))
    struct SharedChanges {
        /// Two gateways with a backend each, so that each hears of its own only.
        private struct Stand {
            var servers: [ToolServer] = []
            var gateways: [RunningGateway] = []
            let folder: TemporaryFolder
            /// Held here: they end with the last reference.
            let redis: [RedisServer]
        }

        /// - Parameter user: the name of a user whose password is "the password".
        private static func stand(
            _ redis: [RedisServer], more: String = "", user: String? = nil
        ) async throws -> Stand {
            var stand = Stand(folder: try TemporaryFolder(), redis: redis)
            let secret = try stand.folder.write("secret", "a secret of these tests, and of no other gateways".utf8)
            var settings = "url: \"\(redis[0].url)\", secret: \"file:\(secret.path)\"\(more)"
            if let user {
                let password = try stand.folder.write("password", "the password".utf8)
                settings += ", user: \(user), password: \"file:\(password.path)\""
            }
            for number in 1...2 {
                let server = try await ToolServer.start("tools-\(number)", flags: ["--everything"])
                stand.servers.append(server)
                stand.gateways.append(
                    try await RunningGateway.start(
                        backends: [server], pool: "cache: { ttl: 1h, scope: public }\nprotocol: modern",
                        more: "redis: { \(settings) }"))
            }
            for gateway in stand.gateways {
                try await eventually("the gateway listens; it said: \(gateway.process.lastWords)") {
                    try await gateway.metrics()("mcp_gateway_cache_listeners", ["state": "listening"]) == 1
                }
                try await settled(gateway)
            }
            return stand
        }

        /// Waits until the gateway has told Redis all that it has heard.
        private static func settled(_ gateway: RunningGateway, within limit: Duration = .seconds(10)) async throws {
            try await eventually("Redis knows what the gateway knows", within: limit) {
                try await gateway.metrics()("mcp_gateway_cache_changes_to_share") == 0
            }
        }

        private static func list(_ gateway: RunningGateway) async throws -> String? {
            let reply = try await gateway.send(.mcp("tools/list", era: .modern))
            #expect(reply.status == 200)
            return reply.fields["x-cache"]
        }

        /// Asks until the answer comes from the cache, and still does when every gateway knows what the others know.
        private static func keep(_ gateway: RunningGateway) async throws {
            var hits = 0
            try await eventually("the list is kept") {
                hits = try await list(gateway) == "hit" ? hits + 1 : 0
                return hits > 40
            }
        }

        /// How often something has become void because of what stands in Redis.
        private static func voids(_ stand: Stand) async throws -> [Double] {
            var counts: [Double] = []
            for gateway in stand.gateways {
                counts.append(
                    try await gateway.metrics()("mcp_gateway_cache_invalidations_total", ["source": "gateway"]))
            }
            return counts
        }

        /// Waits until each gateway has made something void since there were `counts`. Their answers do not tell: the second
        /// one to ask is given what the first one has fetched.
        private static func noticed(_ stand: Stand, since counts: [Double]) async throws {
            try await eventually("both gateways notice", within: .seconds(1)) {
                zip(try await voids(stand), counts).allSatisfy { $0 > $1 }
            }
            #expect(try await list(stand.gateways[0]) == "miss")
        }

        /// The change of the first server, of which the first gateway hears, is seen by the second within `limit`.
        private static func check(_ stand: Stand, within limit: Duration = .seconds(1)) async throws {
            for gateway in stand.gateways { try await keep(gateway) }
            let reply = try await HTTPCall.tool("test_trigger_tool_change", "{}", era: .modern)
                .send(to: stand.servers[0].port)
            #expect(reply.status == 200)
            try await eventually("the other gateway follows", within: limit) {
                try await list(stand.gateways[1]) == "miss"
            }
        }

        @Test func `a change that one gateway hears of is known to the others within a second`() async throws {
            let stand = try await SharedChanges.stand([try await RedisServer.start()])
            for _ in 1...5 { try await SharedChanges.check(stand) }
            #expect(
                try await stand.gateways[1].metrics()("mcp_gateway_cache_invalidations_total", ["source": "gateway"])
                    >= 5)
        }

        @Test func `even when no message arrives`() async throws {
            let redis = try await RedisServer.start()
            // What the documentation asks for, but for the channel.
            let rights = """
                ~gw:* resetchannels -@all +@connection +evalsha +eval +get +mget +set +del +time +zadd +zrem +zcard \
                +zremrangebyscore +pexpire +hget +hgetall +hset +publish +subscribe
                """
            try await redis.ask(
                ["ACL", "SETUSER", "mute", "on", ">the password"] + rights.split(separator: " ").map(String.init))
            let stand = try await SharedChanges.stand([redis], user: "mute")
            for _ in 1...5 { try await SharedChanges.check(stand) }
        }

        @Test func `even when the connections for messages are cut again and again`() async throws {
            let redis = try await RedisServer.start()
            let stand = try await SharedChanges.stand([redis])
            let cutting = Task {
                while !Task.isCancelled { try await redis.ask("CLIENT", "KILL", "TYPE", "pubsub") }
            }
            for _ in 1...5 { try await SharedChanges.check(stand) }
            cutting.cancel()
        }

        @Test func `a flush of Redis makes everything void, and nothing is missed after it`() async throws {
            let redis = try await RedisServer.start()
            let stand = try await SharedChanges.stand([redis])
            for _ in 1...3 {
                for gateway in stand.gateways { try await SharedChanges.keep(gateway) }
                let counts = try await SharedChanges.voids(stand)
                try await redis.ask("FLUSHALL")
                try await SharedChanges.noticed(stand, since: counts)
                try await SharedChanges.check(stand)
            }
        }

        @Test func `what changes while Redis is away is told when it is back`() async throws {
            let redis = try await RedisServer.start()
            let stand = try await SharedChanges.stand([redis])
            for gateway in stand.gateways { try await SharedChanges.keep(gateway) }
            try await redis.crash()
            let reply = try await HTTPCall.tool("test_trigger_tool_change", "{}", era: .modern)
                .send(to: stand.servers[0].port)
            #expect(reply.status == 200)
            try await eventually("the gateway that has heard of it fetches anew", within: .seconds(1)) {
                try await SharedChanges.list(stand.gateways[0]) == "miss"
            }
            // The other one cannot know.
            #expect(try await SharedChanges.list(stand.gateways[1]) == "hit")
            let waiting = try await stand.gateways[0].metrics()("mcp_gateway_cache_changes_to_share")
            #expect(waiting == 1)
            try await redis.restart()
            try await eventually("the other gateway follows", within: .seconds(8)) {
                try await SharedChanges.list(stand.gateways[1]) == "miss"
            }
            for gateway in stand.gateways { try await SharedChanges.settled(gateway) }
            try await SharedChanges.check(stand)
        }

        @Test func `a Redis that stands still holds nobody up, and tells when it goes on`() async throws {
            let redis = try await RedisServer.start()
            let stand = try await SharedChanges.stand([redis])
            for gateway in stand.gateways { try await SharedChanges.keep(gateway) }
            redis.freeze()
            let reply = try await HTTPCall.tool("test_trigger_tool_change", "{}", era: .modern)
                .send(to: stand.servers[0].port)
            #expect(reply.status == 200)
            try await eventually("the gateway that has heard of it fetches anew", within: .seconds(1)) {
                try await SharedChanges.list(stand.gateways[0]) == "miss"
            }
            redis.thaw()
            try await eventually("the other gateway follows", within: .seconds(8)) {
                try await SharedChanges.list(stand.gateways[1]) == "miss"
            }
            try await SharedChanges.check(stand)
        }

        @Test func `in a cluster as well`() async throws {
            let cluster = try await RedisCluster.start()
            let stand = try await SharedChanges.stand(cluster.servers, more: ", cluster: {}")
            for _ in 1...3 { try await SharedChanges.check(stand) }
            try await cluster.beginMove(ofSlotOf: "gw:{generations}:token")
            try await SharedChanges.check(stand)
            try await cluster.endMove(ofSlotOf: "gw:{generations}:token")
            try await SharedChanges.check(stand, within: .seconds(2))
        }

        @Test func `numbers that fall back, as after a failover, are made good`() async throws {
            let redis = try await RedisServer.start()
            let stand = try await SharedChanges.stand([redis])
            try await SharedChanges.check(stand)
            let keys = try await redis.ask("KEYS", "gw:{generations}:*").split(separator: "\n")
            let key = String(try #require(keys.first { !$0.hasSuffix(":token") }))
            #expect(keys.count == 2 && !key.contains("tools"))
            func number() async throws -> Int? {
                Int(try await redis.ask("HGET", key, "tools"))
            }
            let known = try #require(try await number())
            for gateway in stand.gateways { try await SharedChanges.keep(gateway) }
            let counts = try await SharedChanges.voids(stand)
            // As a replica would have it that lags behind.
            try await redis.ask("HSET", key, "tools", "1")
            try await redis.ask("SET", "gw:{generations}:token", "older")
            try await SharedChanges.noticed(stand, since: counts)
            try await eventually("the number is above what was known", within: .seconds(2)) {
                try await number() ?? 0 > known
            }
            // Nonsense is as good as nothing.
            try await redis.ask("HSET", key, "tools", "nonsense", "all", "1e300", "more", "x")
            try await redis.ask("SET", "gw:{generations}:token", "another")
            try await eventually("the number is above what was known", within: .seconds(2)) {
                try await number() ?? 0 > known
            }
            try await SharedChanges.check(stand)
        }
    }
}
