import Testing

@testable import Gateway

/// Addresses that backends must not have, and those that they may all the same.
@Suite struct `Forbidden addresses` {
    private func complaints(_ host: String, _ more: String = "") -> [String] {
        ConfigurationSupport.complaints("pools: { tools: { backends: [\"http://\(host):1/mcp\"]\(more) } }")
    }

    @Test(arguments: [
        "169.254.0.0", "169.254.169.254", "169.254.255.255", "[fe80::1]", "[febf::1]", "[fd00:ec2::254]", "0.0.0.0",
        "[::]",
        "[::ffff:169.254.169.254]", "[::ffff:0.0.0.0]", "[::ffff:a9fe:1]", "[64:ff9b::169.254.169.254]",
    ])
    func `are refused in the file`(host: String) {
        let found = complaints(host)
        #expect(found.count == 1 && found[0].contains("pools.tools.backends[0]: must not be a link-local"), "\(found)")
    }

    @Test(arguments: [
        "169.253.255.255", "169.255.0.0", "[fec0::1]", "[fd00:ec2::253]", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]",
        "10.0.0.1", "localhost", "metadata.google.internal",
    ])
    func `are not their neighbours, and names are judged by what they stand for`(host: String) {
        #expect(complaints(host) == [])
    }

    @Test(arguments: [
        ("169.254.1.7", "169.254.1.0/24", true), ("169.254.2.7", "169.254.1.0/24", false),
        ("[fe80::1]", "fe80::1", true),
        ("[::ffff:169.254.1.7]", "169.254.1.0/24", true), ("[fe80::1]", "169.254.0.0/16", false), ("[::]", "::", true),
    ])
    func `are accepted where the pool allows them`(host: String, range: String, isRight: Bool) {
        #expect(complaints(host, ", allowed_addresses: [\"\(range)\"]").isEmpty == isRight)
    }

    @Test func `are allowed to one pool and not to the next`() {
        let found = ConfigurationSupport.complaints(
            """
            pools:
              a: { backends: ["http://169.254.1.1/mcp"], allowed_addresses: [169.254.0.0/16] }
              b: { backends: ["http://169.254.1.1/mcp"] }
            routes: [{ path: /a, pool: a }, { path: /b, pool: b }]
            """)
        #expect(found.count == 1 && found[0].contains("pools.b.backends[0]"), "\(found)")
    }

    @Test func `names are looked up every 1 to 60 seconds`() throws {
        let pool = "\npools: { tools: { backends: [http://a] } }"
        #expect(try ConfigurationSupport.load(pool).configuration.names.interval == .seconds(10))
        #expect(
            try ConfigurationSupport.load("dns: { interval: 30s }" + pool).configuration.names.interval == .seconds(30))
        for wrong in ["500ms", "61s", "10"] {
            #expect(ConfigurationSupport.complaints("dns: { interval: \(wrong) }" + pool).count == 1, "\(wrong)")
        }
    }
}
