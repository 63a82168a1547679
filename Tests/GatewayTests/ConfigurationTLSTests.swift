import Gateway
import TestCertificates
import Testing

/// `tls` of listeners and of pools.
@Suite struct ConfigurationTLSTests {
    private static let pool = "pools: { tools: { backends: [http://127.0.0.1:9001/mcp] } }\n"

    private func listener(_ certificate: String, _ key: String) -> String {
        "listen:\n  - address: 127.0.0.1:0\n    tls: { certificate: \(certificate), private_key: 'file:\(key)' }\n"
            + Self.pool
    }

    private func sealed(_ tls: String, url: String = "https://tools.example:8443/mcp") -> String {
        "pools:\n  tools:\n    backends: ['\(url)']\n    tls: \(tls)\n"
    }

    @Test func `a pair that belongs together is read`() throws {
        let loaded = try ConfigurationSupport.load(listener("/etc/gw/tls.pem", "/etc/gw/tls.key"))
        #expect(loaded.warnings.isEmpty)
        #expect(loaded.configuration.listeners[0].tls == (try ConfigurationSupport.tls()))
    }

    @Test func `what cannot be used is named, on its line`() {
        let complaints = ConfigurationSupport.complaints
        #expect(
            complaints(listener("/etc/none.pem", "/etc/gw/tls.key")) == [
                #"gateway.conf:3:25: listen[0].tls.certificate: file "/etc/none.pem" does not exist"#
            ])
        #expect(
            complaints(listener("/etc/gw/tls.pem", "/etc/none.key")) == [
                #"gateway.conf:3:55: listen[0].tls.private_key: file "/etc/none.key" does not exist"#
            ])
        let mixed = complaints(listener("/etc/gw/tls.pem", "/etc/gw/expired.key"))
        #expect(mixed.count == 1)
        #expect(mixed[0].hasPrefix("gateway.conf:3:25: listen[0].tls.certificate: cannot be used: "))
        let swapped = complaints(listener("/etc/gw/tls.key", "/etc/gw/tls.key"))
        #expect(swapped.count == 1 && swapped[0].contains("listen[0].tls.certificate: cannot be used: "))
        let noKey = complaints(listener("/etc/gw/tls.pem", "/etc/gw/tls.pem"))
        #expect(
            noKey.count == 1 && noKey[0].hasPrefix("gateway.conf:3:55: listen[0].tls.private_key: cannot be used: "))
        #expect(!(mixed + swapped + noKey).joined().contains("BEGIN"))
    }

    @Test func `a certificate that has expired is warned of`() throws {
        let loaded = try ConfigurationSupport.load(listener("/etc/gw/expired.pem", "/etc/gw/expired.key"))
        #expect(
            loaded.warnings.map { $0.text(file: "gateway.conf") } == [
                "gateway.conf:3:25: listen[0].tls.certificate: has expired: clients will not accept it"
            ])
    }

    @Test func `pools say whom they trust and what they show`() throws {
        let text = sealed(
            "{ certificate_authority: /etc/gw/ca.pem, certificate: /etc/gw/tls.pem, "
                + "private_key: 'file:/etc/gw/tls.key', server_name: tools.example }")
        let pool = try ConfigurationSupport.load(text).configuration.pools[0]
        let certificates = try #require(ConfigurationSupport.certificates)
        #expect(pool.tls?.certificateAuthority?.contents == (try certificates.contents(of: certificates.authority)))
        #expect(pool.tls?.certificate?.path == "/etc/gw/tls.pem" && pool.tls?.serverName == "tools.example")
        #expect(pool.backends[0].url.text == "https://tools.example:8443/mcp")
        #expect(
            try ConfigurationSupport.load(sealed("{}", url: "https://a/")).configuration.pools[0].backends[0].url.port
                == 443)
    }

    @Test(arguments: [
        ("{ certificate: /etc/gw/tls.pem }", "tls: needs certificate and private_key, or neither"),
        ("{ private_key: 'file:/etc/gw/tls.key' }", "tls: needs certificate and private_key, or neither"),
        ("{ server_name: 10.0.0.1 }", "tls.server_name: must be a host name"),
        ("{ certificate_authority: /etc/gw/tls.key }", "tls.certificate_authority: cannot be used: "),
        ("{ certificate_authority: /etc/ca }", #"tls.certificate_authority: file "/etc/ca" does not exist"#),
    ])
    func `what a pool cannot use is named`(_ tls: String, _ complaint: String) {
        let complaints = ConfigurationSupport.complaints(sealed(tls))
        #expect(complaints.count == 1 && complaints[0].contains(": pools.tools.\(complaint)"), "\(complaints)")
    }

    @Test func `a pool without https has nothing to seal`() {
        #expect(
            ConfigurationSupport.complaints(sealed("{}", url: "http://a/")) == [
                "gateway.conf:4:10: pools.tools.tls: needs a backend with a URL that begins with https://"
            ])
    }

    @Test func `another certificate in the same file is another configuration`() throws {
        let old = try ConfigurationLoader(environment: ConfigurationSupport.environment)
            .explain(contents: Array(listener("/etc/gw/tls.pem", "/etc/gw/tls.key").utf8), file: "gateway.conf")
        let renewed = try Certificates()
        let (chain, key) = (
            try renewed.contents(of: renewed.certificate), try renewed.contents(of: renewed.key)
        )
        let environment = ConfigurationEnvironment(variables: [:]) { path, _ throws(BoundedFileError) in
            BoundedFile(bytes: path.hasSuffix(".key") ? key : chain, isOpenToOthers: false)
        }
        let new = try ConfigurationLoader(environment: environment)
            .explain(contents: Array(listener("/etc/gw/tls.pem", "/etc/gw/tls.key").utf8), file: "gateway.conf")
        #expect(old.configuration != new.configuration)
        #expect(
            ConfigurationComparison(old, new).differences.map(\.text) == [
                "listen[127.0.0.1:0].tls.certificate: changed, what is in /etc/gw/tls.pem is another",
                "listen[127.0.0.1:0].tls.private_key: changed from file:/etc/gw/tls.key to file:/etc/gw/tls.key, another secret",
            ])
        #expect(ConfigurationComparison(old, old).differences.isEmpty)
    }
}
