import Gateway
import Testing

@Suite struct ConfigurationWarningTests {
    private func warnings(_ text: String) throws -> [String] {
        try ConfigurationSupport.load(text).warnings.map { $0.text(file: "gateway.conf") }
    }

    private let pool = "pools: { tools: { backends: [http://127.0.0.1:9001/mcp] } }\n"

    @Test func `another way of balancing says what is used instead`() throws {
        #expect(
            try warnings("pools: { tools: { backends: [http://a], balance: random } }")
                == [
                    "gateway.conf:1:50: pools.tools.balance: is accepted but has no effect in this version: "
                        + "round_robin is used"
                ])
        #expect(try warnings("pools: { tools: { backends: [http://a], balance: round_robin } }") == [])
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
        let backends = (0..<100).map { "{ url: http://a\($0), zone: z }" }.joined(separator: ", ")
        #expect(try warnings("pools: { tools: { backends: [\(backends)] } }").count == 20)
    }
}
