import Redis
import Testing

@testable import Gateway

@Suite struct ConfigurationExplainTests {
    private static let folder = "Tests/GatewayTests/Fixtures/configurations"
    private static let files =
        ["gateway.conf"] + ConfigurationSupport.names(in: "\(folder)/good").map { "\(folder)/good/\($0)" }

    private let loader = ConfigurationLoader(environment: ConfigurationSupport.environment)
    private let pool = "pools: { tools: { backends: [http://127.0.0.1:9001/mcp] } }\n"

    private func explain(_ text: String, file: String = "gateway.conf") throws -> ExplainedConfiguration {
        try loader.explain(contents: Array(text.utf8), file: file)
    }

    private func explain(path: String) throws -> ExplainedConfiguration {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return try loader.explain(contents: ConfigurationSupport.file(path), file: name)
    }

    /// Loads what was written about a configuration, which must be equal.
    private func checkLoads(
        _ explained: ExplainedConfiguration, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for text in [explained.yaml(), explained.value.json.text(indentation: 0)] {
            let again = try loader.load(contents: Array(text.utf8)).configuration
            let isEqual = again == explained.configuration
            #expect(isEqual, "\(text)", sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: files) func `what is explained of a good file loads as an equal configuration`(path: String) throws
    {
        try checkLoads(try explain(path: path))
    }

    @Test func `values of every kind that are not the defaults load as they were`() throws {
        try checkLoads(try explain(Self.unusual))
    }

    @Test(arguments: ["short", "long"]) func `a file is explained as it was`(name: String) throws {
        let explained = try explain(path: "\(Self.folder)/good/\(name).conf")
        try ConfigurationSupport.expect("\(Self.folder)/explained/\(name).yaml", toHold: explained.yaml())
        try ConfigurationSupport.expect("\(Self.folder)/explained/\(name).json", toHold: explained.json())
    }

    @Test func `every key of the reference has its value in what is explained of everything`() throws {
        let outline = GatewayConfiguration.section.outline
        let groups = [("", outline)] + outline.groups().map { ("\($0.path).", $0.outline) }
        let all = Set(groups.flatMap { path, outline in outline.rows.map { path + $0.name } })
        #expect(all.count > 90)

        let yaml = ExplainedConfiguration(try everything(), file: "f", root: nil).yaml()
        let document = YAMLDocument(try ConfigurationText(Array(yaml.utf8)))
        var found: Set<String> = []
        Self.note(try #require(document.root), .section(outline), at: "", in: &found)
        #expect(all.subtracting(found) == [])
        #expect(found.subtracting(all) == [])
        #expect(!yaml.contains(": absent"))
    }

    @Test func `each value has its origin behind it, and what is absent is named`() throws {
        let explained = try explain(Self.unusual)
        for line in explained.yaml().split(separator: "\n") {
            #expect(line.hasSuffix(":") || line.contains("# "), "\(line)")
        }
        let outline = GatewayConfiguration.section.outline
        let names = outline.rows.map(\.name) + outline.groups().flatMap { $0.outline.rows.map(\.name) }
        // A key of the groups that this one has is either there or said to be absent.
        let absent: Set = [
            "sentinel", "cluster", "hedge", "otlp", "sample", "master", "others", "certificate_authority", "delay",
            "min_delay", "private_key", "server_name",
        ]
        for name in names where !absent.contains(name) {
            #expect(explained.yaml().contains("\(name):"), "\(name)")
        }
    }

    @Test func `origins are places, defaults and where secrets are`() throws {
        let yaml = try explain(
            """
            listen: 127.0.0.1:0
            sessions: { key: file:/run/secrets/key }
            pools:
              tools:
                backends: [http://a/mcp, { url: http://b, weight: 2 }]
                balance: random
            """
        ).yaml()
        let lines = yaml.split(separator: "\n").map { line in
            line.split(separator: " ").joined(separator: " ")
        }
        for line in [
            "- address: 127.0.0.1:0 # gateway.conf:1:9", "# tls: absent (plain HTTP)",
            "admin: 127.0.0.1:9090 # default",
            "key: file:/run/secrets/key # gateway.conf:2:18; file /run/secrets/key, not shown",
            "max_age: 24h # default",
            "- url: http://a/mcp # gateway.conf:5:16", "weight: 1 # default", "- url: http://b/ # gateway.conf:5:37",
            "weight: 2 # gateway.conf:5:55",
            "balance: random # gateway.conf:6:14",
            "credentials: {} # default; no effect in this version: no credentials are sent",
            "# hedge: absent (off)", "- path: /mcp # default", "allowed_origins: [] # default", "tools: {} # default",
        ] { #expect(lines.contains(line), "\(line)") }
        #expect(!yaml.contains(ConfigurationSupport.secret))
    }

    @Test func `secrets are in no output, nor in a dump`() throws {
        let explained = try explain(Self.unusual)
        var dumped = ""
        dump(explained, to: &dumped)
        for text in [explained.yaml(), explained.json(), dumped, "\(explained)", String(reflecting: explained.value)] {
            #expect(!text.contains(ConfigurationSupport.secret))
            #expect(!text.contains(ConfigurationSupport.secret.utf8.map { "\($0)" }.joined(separator: ", ")))
        }
        #expect(explained.yaml().contains("key: env:GATEWAY_KEY"))
        #expect(!dumped.contains("hash"))
    }

    @Test func `no name of a file gets out of its comment`() throws {
        let name = "a\nb: 1\r\u{85}\u{2028}c: &x *x \u{1B}[31m"
        // The two signs of an alias, one of them in disguise.
        let explained = try explain(#"log: { file: "/a b &c\x2ac: #" }"# + "\n" + pool, file: name)
        #expect(explained.configuration.log.file == "/a b &c*c: #")
        let again = try loader.load(contents: Array(explained.yaml().utf8)).configuration
        #expect(again == explained.configuration)
        #expect(explained.yaml().unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0.value != 0x7F })
    }

    @Test func `a bad file is refused for the same reasons`() throws {
        #expect(throws: ConfigurationRejection.self) { try explain("lisen: 1\n" + pool) }
        do {
            _ = try loader.explain(path: "/no/such/file")
            Issue.record("explained nothing")
        } catch {
            #expect(error.lines(file: "f") == ["f:1:1: does not exist"])
        }
    }

    /// Not one value that is the default, as far as a file can say it.
    private static let unusual = """
        listen: ['[::1]:0', 127.0.0.1:0, 127.0.0.1:0, { address: 'localhost:65535', tls: { certificate: 'a: #b', private_key: 'file:/x y' } }]
        admin: '[::1]:9091'
        workers: 3
        sessions: { key: env:GATEWAY_KEY, max_age: 90m }
        allowed_origins: [HTTPS://App.Example.com:443, 'http://[::1]:3000', vscode-webview://abc]
        allowed_hosts: [MCP.example.com, 'mcp.example.com:8443', '[::1]:8080']
        trusted_proxies: [10.0.0.0/8, 'fd00::/8', 192.0.2.1]
        limits: { max_body: 1025B, max_answer: 1GiB, max_connections: 10 }
        redis:
          { url: 'rediss://[::1]/3', user: 'true', password: file:/run/secrets/key, timeout: 5s, key_prefix: '1:', secret: env:GATEWAY_KEY, tls: {} }
        pools:
          a:
            backends: [{ url: 'http://[2001:DB8::1]', weight: 1000 }, 'http://web_1.internal:1/a%20b,;c', { url: http://c, zone: '1e3', backup: true }]
            protocol: legacy
            balance: peak_ewma
            health_check: { interval: 100ms, timeout: 1m, healthy_threshold: 1, unhealthy_threshold: 100, path: /health }
            circuit_breaker:
              { failure_rate: 12.5%, minimum_requests: 1, consecutive_failures: 7, slow_call: 1m, window: 1s, open_duration: 100ms, half_open_requests: 1, count_internal_errors: true }
            outlier_detection: { max_ejection_percent: 0% }
            timeout: { connect: 10ms, first_byte: 1h, request: 2m, stream_idle: 3s, max_stream: 24h }
            retry: { attempts: 1, budget: 0.05%, backoff: 2s, max_backoff: 2s }
            hedge: { delay: 20ms }
            limits: { max_concurrency: 8, per_backend: 1, queue: 0, queue_timeout: 1ms }
            credentials: { bearer: env:NO_SUCH_TOKEN }
            trust_annotations: true
            cache: { use_hints: false, ttl: 2m, scope: public, across_revisions: true }
            tools: { "true": { timeout: { first_byte: 1s }, cost: 3 }, '1': { cache: {}, circuit_breaker: { slow_call: 30s } }, a.b/c: {} }
          b: { backends: [http://b], protocol: modern }
        routes: [{ path: /mcp, pool: a }, { path: '/b/mcp', pool: b }]
        cache: { memory: 1MiB, max_entry: 512KiB, stale_while_revalidate: 0s, stale_if_error: 0s }
        rate_limits: [{ name: r, key: identity+tool, rate: 5/h, cost: 1 }, { name: s, key: global, rate: 9/s, burst: 3, enforce: false, on_redis_failure: closed }]
        log: { level: debug, format: text, access: false, file: ./ä.log }
        drain: { delay: 10s, timeout: 0s }
        """

    /// A configuration in which every key has a value; no file could hold it, because some exclude each other.
    private func everything() throws -> GatewayConfiguration {
        var configuration = try explain(path: "\(Self.folder)/good/long.conf").configuration
        let secret = Secret(reference: .environment(name: "A"), value: [1])
        let tls = ClientTLSSettings(
            certificateAuthority: CertificateFile(path: "/a", contents: []),
            certificate: CertificateFile(path: "/c", contents: []), privateKey: secret, serverName: "s")
        let others = [RedisAddress.tcp(host: "b", port: 1)]
        configuration.redis = RedisSettings(
            url: RedisURL(.tcp(host: "a", port: 1), usesTLS: true), user: "u", password: secret, secret: secret,
            tls: tls,
            sentinel: RedisSentinelSettings(master: "m", others: others, user: "u", password: secret),
            cluster: RedisClusterSettings(others: others))
        for index in configuration.pools[0].backends.indices { configuration.pools[0].backends[index].zone = "z" }
        configuration.pools[0].tls = tls
        configuration.pools[0].healthCheck.kind = .get(path: "/health")
        configuration.pools[0].cache.lifetime = .seconds(1)
        configuration.pools[0].outlierDetection.consecutiveFailures = 5
        configuration.pools[0].tools[0].timeout.firstByte = .seconds(1)
        configuration.pools[0].tools[0].isRepeatable = true
        configuration.pools[0].tools[0].circuitBreaker = CircuitBreakerSettings()
        return configuration
    }

    /// Notes the key paths in a document as the reference writes them: with NAME for names of one's own.
    private static func note(_ node: YAMLNode, _ kind: ConfigurationKind, at path: String, in found: inout Set<String>)
    {
        switch kind {
        case .boolean, .integer, .duration, .size, .share, .choice, .text: break
        case .either(let kinds): for kind in kinds { note(node, kind, at: path, in: &found) }
        case .list(let element, _):
            for node in node.elements ?? [] { note(node, element, at: path + "[]", in: &found) }
        case .section(let outline):
            for entry in node.entries ?? [] {
                let path = path.isEmpty ? entry.name : "\(path).\(entry.name)"
                found.insert(path)
                guard let row = outline.rows.first(where: { $0.name == entry.name }) else { continue }
                note(entry.value, row.kind, at: path, in: &found)
            }
        case .named(let outline, _, _):
            for entry in node.entries ?? [] { note(entry.value, .section(outline), at: path + ".NAME", in: &found) }
        }
    }
}
