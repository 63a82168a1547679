import Gateway
import Testing

@Suite struct ConfigurationWarningTests {
    private func warnings(_ text: String) throws -> [String] {
        try ConfigurationSupport.load(text).warnings.map { $0.text(file: "gateway.conf") }
    }

    private let pool = "pools: { tools: { backends: [http://127.0.0.1:9001/mcp] } }\n"

    @Test(arguments: ["round_robin", "least_request", "peak_ewma", "consistent_hash", "random"])
    func `no way of balancing needs a remark`(word: String) throws {
        #expect(try warnings("pools: { tools: { backends: [http://a], balance: \(word) } }") == [])
    }

    @Test func `zones of backends are pointed out when the gateway does not know its own`() throws {
        let zoned = "pools: { tools: { backends: [{ url: http://a, zone: z }] } }"
        #expect(
            try warnings(zoned)
                == ["gateway.conf:1:8: zone: is missing: without it the zones of backends have no effect"])
        #expect(try warnings("zone: y\n" + zoned) == [])
    }

    @Test func `an admin listener that others can reach is pointed out`() throws {
        #expect(
            try warnings("admin: 0.0.0.0:9090\n" + pool)
                == ["gateway.conf:1:8: admin: is open to other machines and asks for no credentials"])
        #expect(try warnings("admin: '[::1]:9090'\n" + pool) == [])
    }

    @Test func `a pool without a route is pointed out`() throws {
        #expect(
            try warnings(
                """
                pools:
                  tools: { backends: [http://a] }
                  spare: { backends: [http://b] }
                routes: [{ path: /mcp, pool: tools }]
                """) == ["gateway.conf:3:3: pools.spare: no route leads to this pool"])
    }

    @Test func `a secret that others can read is pointed out`() throws {
        #expect(
            try warnings("sessions: { key: file:/run/secrets/open }\n" + pool)
                == [
                    #"gateway.conf:1:18: sessions.key: file "/run/secrets/open" is open to other users; it should have mode 0600"#
                ])
        #expect(try warnings("sessions: { key: file:/run/secrets/key }\n" + pool) == [])
    }

    @Test func `a way out of failures of a Redis that is not there is pointed out`() throws {
        let rules =
            "rate_limits: [{ name: r, key: pool, rate: 1/s }, { name: s, key: global, rate: 1/s, on_redis_failure: "
        #expect(
            try warnings(pool + rules + "closed }]")
                == ["gateway.conf:2:14: rate_limits[1]: on_redis_failure has no effect without redis"])
        #expect(try warnings(pool + rules + "local }]") == [])
        let redis = "redis: { url: redis://redis, secret: env:GATEWAY_KEY }\n"
        #expect(try warnings(redis + pool + rules + "open }]") == [])
    }

    @Test func `warnings are bounded too`() throws {
        let pools = (0..<100).map { "p\($0): { backends: [http://a] }" }.joined(separator: ", ")
        #expect(try warnings("pools: { \(pools) }\nroutes: [{ path: /mcp, pool: p0 }]").count == 20)
    }
}
