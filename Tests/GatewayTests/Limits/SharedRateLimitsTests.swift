import NIOCore
import NIOPosix
import Redis
import Resilience
import Testing
import Transport
import Wire

@testable import Gateway

/// The limits as a real Redis decides them.
@Suite(.needsRedis) struct `Shared rate limits` {
    private static let start = 1_700_000_000_000_000

    private let hash = CallerHash(seed: 3)

    private func caller(_ number: Int) -> CallerKey { CallerKey(high: UInt64(number), low: UInt64(number) &* 77) }

    private func shared(_ rules: [RateLimitRule], prefix: String = "gw:") -> SharedRateLimits {
        SharedRateLimits(rules, pools: ["tools", "other"], prefix: prefix, hash: hash)
    }

    private func rule(
        _ name: String, _ key: RateLimitRule.Key, _ count: Int, per seconds: Int = 60, burst: Int? = nil,
        cost: Int = 1, enforce: Bool = true
    ) -> RateLimitRule {
        RateLimitRule(
            name: name, key: key, rate: Rate(count: count, period: .seconds(seconds)), burst: burst, cost: cost,
            isEnforced: enforce)
    }

    private func ask(
        _ redis: RedisClient, _ limits: SharedRateLimits, _ call: LimitedCall, at time: Int? = nil
    ) async throws -> (verdict: RateLimitVerdict, counts: [RateLimitCounts]) {
        let command = try #require(limits.command(for: call, at: time))
        let reply = try await redis.send(command)
        let (verdict, tally) = try #require(limits.verdict(reply, on: call))
        var counts = [RateLimitCounts](repeating: RateLimitCounts(), count: 8)
        tally.add(to: &counts)
        return (verdict, counts)
    }

    @Test func `Redis decides as the process does by itself, whatever comes`() async throws {
        let redis = try await TestRedis.start()
        var random = SeededRandom(seed: 11)
        for round in 0..<20 {
            var rules: [RateLimitRule] = []
            for index in 0..<(1 + random.number(below: 5)) {
                let kinds = RateLimitRule.Key.allCases
                // Of these, one call is worth a whole number of microseconds.
                let counts = [1, 2, 5, 10, 60, 100]
                let burst = random.number(below: 3) == 0 ? nil : 1 + random.number(below: 12)
                rules.append(
                    rule(
                        "r\(index)", kinds[random.number(below: kinds.count)],
                        counts[random.number(below: counts.count)],
                        // Keys live as long as a call is worth on Redis' own clock, whatever time it is told.
                        per: [60, 3_600][random.number(below: 2)], burst: burst,
                        cost: burst == nil ? 1 : 1 + random.number(below: burst ?? 1),
                        enforce: random.number(below: 4) != 0))
            }
            let limits = shared(rules, prefix: "round\(round):")
            let local = RateLimiter(rules, poolCount: 2, hash: hash)
            var time = 0
            for _ in 0..<120 {
                time += [0, 1, 999, 50_000, 1_000_000, 30_000_000, 4_000_000_000][random.number(below: 7)]
                let call = LimitedCall(
                    identity: caller(random.number(below: 3)), address: caller(100 + random.number(below: 2)),
                    pool: random.number(below: 2), method: random.number(below: 2) == 0 ? .toolsCall : .toolsList,
                    tool: random.number(below: 2) == 0 ? nil : UInt64(random.number(below: 2)),
                    count: Int64(1 + random.number(below: 3)))
                let before = local.counts
                let expected = local.decide(call, at: MonotonicTime(nanoseconds: Int64(time) * 1_000))
                guard limits.command(for: call) != nil else {
                    #expect(expected == RateLimitVerdict(isRefused: false, retryAfterSeconds: 0, quota: nil))
                    continue
                }
                let got = try await ask(redis.client, limits, call, at: Self.start + time)
                #expect(got.verdict == expected, "round \(round), \(rules), \(call)")
                for (index, count) in local.counts.enumerated() {
                    #expect(count.allowed - before[index].allowed == got.counts[index].allowed)
                    #expect(count.refused - before[index].refused == got.counts[index].refused)
                    #expect(count.wouldRefuse - before[index].wouldRefuse == got.counts[index].wouldRefuse)
                }
                if got.verdict != expected { return }
            }
        }
        await redis.client.shutdown()
    }

    @Test func `time is that of Redis, and no key stays for ever`() async throws {
        let redis = try await TestRedis.start()
        let limits = shared([rule("each", .identity, 2, per: 2), rule("all", .global, 100)])
        let call = LimitedCall(identity: caller(1), address: .nobody)
        #expect(try await !ask(redis.client, limits, call).verdict.isRefused)
        #expect(try await !ask(redis.client, limits, call).verdict.isRefused)
        let refused = try await ask(redis.client, limits, call).verdict
        #expect(refused == RateLimitVerdict(isRefused: true, retryAfterSeconds: 1, quota: refused.quota))
        #expect(refused.quota?.rule == 0 && refused.quota?.remaining == 0)
        let names = try await redis.client.send(.make("KEYS", "*")).elements ?? []
        #expect(names.count == 2)
        for name in names.compactMap(\.string) {
            let text = String(buffer: name)
            #expect(text.hasPrefix("gw:l{a}") && text.count <= 80)
            let life = try await redis.client.send(.make("PTTL", text)).integer ?? -1
            #expect((1...2_400).contains(life), "\(life)")
        }
        let end = ContinuousClock.now + .seconds(10)
        while try await ask(redis.client, limits, call).verdict.isRefused {
            try #require(ContinuousClock.now < end)
            try await Task.sleep(for: .milliseconds(20))
        }
        await redis.client.shutdown()
    }

    @Test func `what others have put in the place of a time harms nobody`() async throws {
        let redis = try await TestRedis.start()
        let limits = shared([rule("each", .identity, 3, per: 3_600)])
        let call = LimitedCall(identity: caller(1), address: .nobody)
        _ = try await ask(redis.client, limits, call)
        let name = try #require(try await redis.client.send(.make("KEYS", "*")).elements?.first?.string)
        let key = String(buffer: name)
        for junk in ["", "x", "nan", "-inf", "-5", "0x10", "{}"] {
            _ = try await redis.client.send(.make("SET", key, junk))
            let verdict = try await ask(redis.client, limits, call).verdict
            #expect(!verdict.isRefused && verdict.quota?.remaining == 2, "\(junk)")
        }
        // Nobody is locked out for longer than a full burst takes to come back.
        for future in ["inf", "1e300", "9007199254740993"] {
            _ = try await redis.client.send(.make("SET", key, future))
            let verdict = try await ask(redis.client, limits, call).verdict
            #expect(verdict.isRefused && verdict.retryAfterSeconds == 1_200, "\(future): \(verdict)")
        }
        _ = try await redis.client.send(.make("DEL", key))
        _ = try await redis.client.send(.make("LPUSH", key, "a"))
        #expect(try await !ask(redis.client, limits, call).verdict.isRefused)
        await redis.client.shutdown()
    }

    @Test func `a reply that the script does not give is none`() {
        let limits = shared([rule("each", .identity, 3), rule("tool", .identityAndTool, 3)])
        let call = LimitedCall(identity: caller(1), address: .nobody)
        func text(_ text: String) -> RESPValue { .bulkString(ByteBuffer(string: text)) }
        #expect(limits.verdict(text("0"), on: call) != nil)
        let both = LimitedCall(identity: caller(1), address: .nobody, tool: 5)
        #expect(limits.verdict(text("0 17"), on: both) != nil && limits.verdict(text("0"), on: both) == nil)
        let replies: [RESPValue] = [
            .null, .integer(1), .array([.integer(0)]), text(""), text(" "), text("0 0"), text("0 "), text(" 0"),
            text("-1"),
            text("1.5"), text("x"), text("4000000000000001"), text("9223372036854775808"),
            text(String(repeating: "9", count: 40)),
        ]
        for reply in replies { #expect(limits.verdict(reply, on: call) == nil, "\(reply)") }
    }

    @Test func `keys of one decision are in one slot, and those of many are spread where that can be`() {
        func tags(_ rules: [RateLimitRule], callers: Int) -> [Set<String>] {
            let limits = shared(rules)
            return (0..<callers).map { number in
                let call = LimitedCall(identity: caller(number), address: caller(1_000 + number), tool: 5)
                let words = limits.command(for: call)?.words.words.map { String(buffer: $0) } ?? []
                let keys = words.dropFirst(3).prefix(rules.count)
                #expect(Set(keys).count == rules.count)
                return Set(
                    keys.compactMap { $0.split(separator: "{").last?.split(separator: "}").first.map(String.init) })
            }
        }
        let byIdentity = [rule("a", .identity, 1), rule("b", .identityAndTool, 1), rule("c", .identityAndMethod, 1)]
        for tags in [tags(byIdentity, callers: 50), tags([rule("a", .address, 1)], callers: 50)] {
            #expect(tags.allSatisfy { $0.count == 1 })
            #expect(Set(tags.flatMap { $0 }).count == 50)
        }
        for other in [RateLimitRule.Key.address, .pool, .global] {
            let tags = tags(byIdentity + [rule("d", other, 1)], callers: 50)
            #expect(Set(tags.flatMap { $0 }) == ["a"])
        }
    }

    @Test func `keys tell rules, kinds, callers, tools, methods and pools apart, and nothing else`() {
        func key(_ rules: [RateLimitRule], _ call: LimitedCall) -> String? {
            shared(rules).command(for: call)?.words.words.dropFirst(3).first.map { String(buffer: $0) }
        }
        let call = LimitedCall(identity: caller(1), address: caller(2), pool: 0, method: .toolsCall, tool: 3)
        func varied(_ change: (inout LimitedCall) -> Void) -> LimitedCall {
            var other = call
            change(&other)
            return other
        }
        for kind in RateLimitRule.Key.allCases {
            let rules = [rule("a", kind, 1)]
            let own = key(rules, call)
            #expect(own != key([rule("b", kind, 1)], call))
            #expect(own == key([rule("a", kind, 99, burst: 5)], call))
            let others = [
                varied { $0.identity = caller(9) }, varied { $0.address = caller(9) }, varied { $0.pool = 1 },
                varied { $0.method = .promptsGet }, varied { $0.tool = 9 },
            ]
            let expected: Set<Int> =
                switch kind {
                case .identity: [0]
                case .identityAndTool: [0, 4]
                case .identityAndMethod: [0, 3]
                case .address: [1]
                case .pool: [2]
                case .global: []
                }
            for (index, other) in others.enumerated() {
                #expect((key(rules, other) != own) == expected.contains(index), "\(kind) \(index)")
            }
        }
        #expect(key([rule("a", .identityAndTool, 1)], varied { $0.tool = nil }) == nil)
    }

    @Test func `gateways know how many they are`() async throws {
        let redis = try await TestRedis.start()
        let rules = [rule("each", .identity, 100)]
        let loop = LoopExecutor(MultiThreadedEventLoopGroup.singleton.any())
        func census(_ name: String) -> (RateLimiter, GatewayCensus) {
            let limiter = RateLimiter(rules, poolCount: 1, hash: hash)
            return (limiter, GatewayCensus(redis.client, limiter, on: loop, keyPrefix: "gw:", name: name))
        }
        let (first, firstCensus) = census("a")
        let (second, secondCensus) = census("b")
        #expect(await firstCensus.count() && first.gatewayCount == 1)
        #expect(await secondCensus.count() && second.gatewayCount == 2)
        #expect(await firstCensus.count() && first.gatewayCount == 2)
        // Others that have been silent for long, or come from another time.
        _ = try await redis.client.send(.make("ZADD", "gw:gateways", "1", "old", "9999999999999", "odd"))
        #expect(await firstCensus.count() && first.gatewayCount == 2)
        let running = Task { await secondCensus.run() }
        running.cancel()
        await running.value
        #expect(await firstCensus.count() && first.gatewayCount == 1)
        #expect(try await redis.client.send(.make("PTTL", "gw:gateways")).integer ?? 0 > 0)
        await redis.client.shutdown()
    }
}

/// A server and a client of it, for as long as a test uses them.
private final class TestRedis: Sendable {
    let server: RedisServer
    let client: RedisClient

    private init(_ server: RedisServer, _ client: RedisClient) {
        self.server = server
        self.client = client
    }

    static func start() async throws -> TestRedis {
        let server = try await RedisServer()
        return TestRedis(server, try await server.connectedClient())
    }
}

extension SeededRandom {
    fileprivate mutating func number(below limit: Int) -> Int { Int(nextNanoseconds(below: Int64(limit))) }
}

extension RedisCommand {
    fileprivate static func make(_ name: StaticString, _ words: String...) -> RedisCommand {
        var command = RedisCommand(name, isWrite: false)
        for word in words { command.append(word) }
        return command
    }
}
