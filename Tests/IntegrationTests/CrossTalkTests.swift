import Testing

extension Integration {
    /// Some widely used clients send the same id in every call: an answer belongs to its HTTP exchange, and to nothing else.
    @Suite struct CrossTalk {
        @Test func `clients that all use the same id get their own answers`() async throws {
            // A busy machine may well be late with a health check, and that is no matter here.
            let (gateway, _) = try await Integration.threeServers(
                hasSessions: false, pool: "health_check: { interval: 10s, timeout: 5s }")
            let modern = Callers(24, port: gateway.port, era: .modern, id: 1, pause: .milliseconds(1))
            let legacy = Callers(24, port: gateway.port, era: .legacy, id: 1, pause: .milliseconds(1))
            defer {
                modern.cancel()
                legacy.cancel()
            }
            try await eventually("three thousand calls", within: .seconds(60)) {
                modern.outcomes.count + legacy.outcomes.count >= 3_000
            }
            try await modern.stop()
            try await legacy.stop()
            #expect(modern.failures.count == 0, "\(modern.failures.first?.complaint ?? "")")
            #expect(legacy.failures.count == 0, "\(legacy.failures.first?.complaint ?? "")")
        }
    }
}
