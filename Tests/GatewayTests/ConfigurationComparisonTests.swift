import Testing

@testable import Gateway

@Suite struct ConfigurationComparisonTests {
    private static let folder = "Tests/GatewayTests/Fixtures/configurations"

    private let loader = ConfigurationLoader(
        environment: ConfigurationEnvironment(
            variables: [
                "GATEWAY_KEY": ConfigurationSupport.secret, "SAME_KEY": ConfigurationSupport.secret,
                "OTHER_KEY": String(ConfigurationSupport.secret.reversed()),
            ], readFile: ConfigurationSupport.environment.readFile))
    private let pool = "pools: { tools: { backends: [http://a/mcp, http://b/mcp] } }\n"

    private func compare(_ old: String, _ new: String) throws -> ConfigurationComparison {
        ConfigurationComparison(
            try loader.explain(contents: Array(old.utf8), file: "old.conf"),
            try loader.explain(contents: Array(new.utf8), file: "new.conf"))
    }

    private func lines(_ old: String, _ new: String) throws -> [String] {
        try compare(old, new).differences.map(\.text)
    }

    private func lines(inPool old: String, _ new: String) throws -> [String] {
        func file(_ text: String) -> String { "pools: { tools: { backends: [http://a/mcp], \(text) } }\n" }
        return try lines(file(old), file(new))
    }

    @Test func `two files are compared as they were`() throws {
        let texts = try ["old", "new"].map {
            String(decoding: try ConfigurationSupport.file("\(Self.folder)/compared/\($0).conf"), as: UTF8.self)
        }
        let comparison = try compare(texts[0], texts[1])
        try ConfigurationSupport.expect(
            "\(Self.folder)/compared/expected.txt", toHold: comparison.differences.map { "\($0.text)\n" }.joined())
        try ConfigurationSupport.expect("\(Self.folder)/compared/expected.json", toHold: comparison.json())
    }

    @Test func `the other way round, what was added is removed`() throws {
        let texts = try ["old", "new"].map {
            String(decoding: try ConfigurationSupport.file("\(Self.folder)/compared/\($0).conf"), as: UTF8.self)
        }
        let turned: [ConfigurationDifference.Change: ConfigurationDifference.Change] = [
            .added: .removed, .removed: .added, .changed: .changed,
        ]
        let there = try compare(texts[0], texts[1]).differences
        let back = try compare(texts[1], texts[0]).differences
        #expect(there.count > 20)
        #expect(
            Set(there.map { "\($0.path) \($0.change)" })
                == Set(back.compactMap { difference in turned[difference.change].map { "\(difference.path) \($0)" } }))
    }

    @Test func `spelling, defaults and order are no difference`() throws {
        #expect(
            try lines(
                """
                pools:
                  a: { backends: [http://a, { url: 'http://b:80/', weight: 2 }] }
                  b: { backends: [http://c], timeout: { request: 1m } }
                routes: [{ path: /a, pool: a }, { path: /b, pool: b }]
                allowed_origins: [https://a.example, https://b.example]
                listen: 127.0.0.1:8080
                """,
                """
                listen: [{ address: localhost:8080 }]
                admin: 127.0.0.1:9090
                allowed_origins: [https://B.example:443, https://a.example]
                pools:
                  b: { backends: [http://c], timeout: { request: 60s, connect: 1000ms } }
                  a: { backends: [{ weight: 2, url: http://B }, http://a] }
                routes: [{ path: /b, pool: b }, { pool: a, path: /a }]
                cache: {}
                """) == [])
    }

    @Test(arguments: ConfigurationSupport.names(in: "\(folder)/good")) func `a file is like itself`(name: String) throws
    {
        let text = String(decoding: try ConfigurationSupport.file("\(Self.folder)/good/\(name)"), as: UTF8.self)
        #expect(try lines(text, text) == [])
        let explained = try loader.explain(contents: Array(text.utf8), file: name).yaml()
        #expect(try lines(text, explained) == [])
    }

    @Test func `elements of lists go by what names them`() throws {
        #expect(
            try lines(
                pool + "rate_limits: [{ name: r, key: pool, rate: 1/s }, { name: s, key: pool, rate: 1/s }]",
                """
                pools: { tools: { backends: [http://c/mcp, { url: http://b/mcp, weight: 3 }] } }
                rate_limits: [{ name: s, key: pool, rate: 2/s, enforce: false }]
                """) == [
                    "pools.tools.backends[http://a/mcp]: removed; gets no more calls; sessions that it holds end",
                    "pools.tools.backends[http://b/mcp].weight: changed from 1 (default) to 3; gets a larger share of the calls",
                    "pools.tools.backends[http://c/mcp]: added; gets calls once it is found well",
                    "rate_limits[r]: removed { key: pool, rate: 1/s }; calls need not pass it any more",
                    "rate_limits[s].rate: changed from 1/s to 2/s",
                    "rate_limits[s].enforce: changed from true (default) to false; calls beyond it are only counted",
                ])
    }

    @Test func `listeners may be there several times`() throws {
        #expect(
            try lines("listen: [127.0.0.1:0]\n" + pool, "listen: [127.0.0.1:0, 127.0.0.1:0, 127.0.0.1:1]\n" + pool) == [
                "listen[127.0.0.1:0]: added; clients can connect there",
                "listen[127.0.0.1:1]: added; clients can connect there",
            ])
    }

    @Test func `secrets are compared and not shown`() throws {
        func sessions(_ key: String) -> String { "sessions: { key: '\(key)' }\n" + pool }
        let same = "sessions.key: changed from env:GATEWAY_KEY to env:SAME_KEY, the same secret"
        let other =
            "sessions.key: changed from env:GATEWAY_KEY to env:OTHER_KEY, another secret; sessions that are open end"
        #expect(try lines(sessions("env:GATEWAY_KEY"), sessions("env:SAME_KEY")) == [same])
        #expect(try lines(sessions("env:GATEWAY_KEY"), sessions("env:OTHER_KEY")) == [other])
        #expect(try lines(sessions("env:GATEWAY_KEY"), sessions("env:GATEWAY_KEY")) == [])
        #expect(
            try lines(sessions("env:GATEWAY_KEY"), sessions("file:/run/secrets/key"))
                == ["sessions.key: changed from env:GATEWAY_KEY to file:/run/secrets/key, the same secret"])
        #expect(
            try lines(pool, sessions("env:OTHER_KEY")).first?.hasPrefix("sessions.key: added env:OTHER_KEY; ") == true)

        let comparison = try compare(sessions("env:GATEWAY_KEY"), sessions("env:OTHER_KEY"))
        var dumped = ""
        dump(comparison, to: &dumped)
        for text in [comparison.json(), dumped, "\(comparison)"] {
            #expect(!text.contains(ConfigurationSupport.secret))
            #expect(!text.contains(String(ConfigurationSupport.secret.reversed())))
        }
        #expect(comparison.json().contains("\"isSameSecret\": false"))
    }

    @Test func `the same variable with another value is another secret`() throws {
        let text = Array(("sessions: { key: env:KEY }\n" + pool).utf8)
        func explain(_ value: String) throws -> ExplainedConfiguration {
            try ConfigurationLoader(environment: ConfigurationEnvironment(variables: ["KEY": value]))
                .explain(contents: text, file: "f")
        }
        let (old, new) = (try explain(ConfigurationSupport.secret), try explain(ConfigurationSupport.secret + "x"))
        #expect(
            ConfigurationComparison(old, new).differences.map(\.text)
                == ["sessions.key: changed from env:KEY to env:KEY, another secret; sessions that are open end"])
        #expect(ConfigurationComparison(old, old).differences.isEmpty)
    }

    @Test func `what has gone is compared with its default`() throws {
        #expect(
            try lines(inPool: "limits: { queue: 2 }", "hedge: { delay: 20ms }, balance: random") == [
                "pools.tools.balance: changed from round_robin (default) to random",
                "pools.tools.limits.queue: changed from 2 to 256 (default)",
                "pools.tools.hedge: added { delay: 20ms }",
            ])
    }

    @Test func `lengths of time are compared across units`() throws {
        #expect(
            try lines(inPool: "timeout: { request: 2m }", "timeout: { request: 90s }")
                == ["pools.tools.timeout.request: changed from 2m to 90s; calls that take longer fail now"])
        #expect(
            try lines(inPool: "timeout: { request: 90s }", "timeout: { request: 2m }")
                == ["pools.tools.timeout.request: changed from 90s to 2m; calls may take longer"])
    }

    @Test func `every key of which something is said is in the reference`() {
        let outline = GatewayConfiguration.section.outline
        let groups = [("", outline)] + outline.groups().map { ("\($0.path).", $0.outline) }
        let keys = Set(groups.flatMap { path, outline in outline.rows.map { path + $0.name } })
        let paths = keys.union(outline.groups().map(\.path)).union([
            "allowed_origins[]", "allowed_hosts[]", "trusted_proxies[]",
        ])
        #expect(Set(ConfigurationMeaning.table.keys).subtracting(paths) == [])
    }
}
