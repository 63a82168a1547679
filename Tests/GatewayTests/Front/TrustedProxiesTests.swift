import NIOCore
import Testing
import Wire

@testable import Gateway

@Suite struct `Trusted proxies` {
    private let proxies = TrustedProxies(["10.0.0.0/8", "fd00::/8"].compactMap { IPRange($0) })

    private func head<Result>(_ fields: [String], _ body: (HTTPReceivedHead) -> Result) -> Result {
        let lines = fields.map { "\($0)\r\n" }.joined()
        return ByteBuffer(string: "POST /mcp HTTP/1.1\r\nHost: a\r\n\(lines)\r\n").withByteView {
            body(HTTPReceivedHead.reading($0))
        }
    }

    private func client(_ fields: String...) -> String? {
        head(fields) { proxies.client(of: $0) }.map { $0.map(String.init).joined(separator: ".") }
    }

    @Test func `are those of the list, and nobody without one`() throws {
        for (text, isTrusted) in [
            ("10.1.2.3", true), ("11.1.2.3", false), ("::ffff:10.1.2.3", true), ("fd12::1", true), ("fe80::1", false),
        ] {
            let address = try SocketAddress(ipAddress: text, port: 80)
            #expect(proxies.trusts(address) == isTrusted)
            #expect(!TrustedProxies([]).trusts(address))
        }
        #expect(!proxies.trusts(nil))
        #expect(!proxies.trusts(try SocketAddress(unixDomainSocketPath: "/run/gateway")))
    }

    @Test func `are believed up to the first address that is none of theirs`() {
        #expect(client("X-Forwarded-For: 192.0.2.1") == "192.0.2.1")
        #expect(client("X-Forwarded-For: 203.0.113.9, 192.0.2.1, 10.0.0.7") == "192.0.2.1")
        #expect(
            client("X-Forwarded-For: 203.0.113.9", "x-forwarded-for: 192.0.2.1", "X-Forwarded-For: 10.0.0.7")
                == "192.0.2.1")
        // All are proxies: the first is as near to the client as one can come.
        #expect(client("X-Forwarded-For: 10.0.0.9,10.0.0.7") == "10.0.0.9")
        #expect(client("X-Forwarded-For: 203.0.113.9, unknown, 10.0.0.7") == "10.0.0.7")
        #expect(client("X-Forwarded-For: 203.0.113.9, 1.2.3.4.5") == nil)
        #expect(client("X-Forwarded-For:") == nil)
        #expect(client("X-Real-IP: 192.0.2.1", "Forwarded: for=192.0.2.1") == nil)
    }

    @Test func `may write an address with a port`() {
        #expect(client("X-Forwarded-For: 192.0.2.1:4711") == "192.0.2.1")
        let last = client("X-Forwarded-For: [2001:db8::1]:4711")
        #expect(last == client("X-Forwarded-For: 2001:db8::1"))
        #expect(last == client("X-Forwarded-For: [2001:db8::1]"))
        #expect(last?.hasPrefix("32.1.13.184.") == true)
        #expect(client("X-Forwarded-For: ::ffff:192.0.2.1") == "192.0.2.1")
        #expect(client("X-Forwarded-For: [2001:db8::1") == nil)
    }

    @Test func `have their knowledge passed on to backends`() {
        func fields(_ fields: String...) -> String {
            String(decoding: head(fields) { proxies.fields(for: $0, from: "10.0.0.7") }, as: UTF8.self)
        }
        #expect(fields() == "X-Forwarded-For: 10.0.0.7\r\nX-Forwarded-Proto: http\r\n")
        #expect(
            fields("X-Forwarded-For: 203.0.113.9 ,192.0.2.1", "X-Forwarded-Proto: HTTPS")
                == "X-Forwarded-For: 203.0.113.9, 192.0.2.1, 10.0.0.7\r\nX-Forwarded-Proto: https\r\n")
        #expect(fields("X-Forwarded-Proto: gopher") == "X-Forwarded-For: 10.0.0.7\r\nX-Forwarded-Proto: http\r\n")
    }
}
