import Gateway
import NIOCore
import Testing
import Wire

@Suite struct `Caller hash` {
    private let hash = CallerHash(seed: 1)

    private func credential(_ fields: String) -> CallerKey? {
        ByteBuffer(string: "POST /mcp HTTP/1.1\r\nHost: a\r\n\(fields)\r\n").withByteView {
            hash.credential(of: HTTPReceivedHead.reading($0))
        }
    }

    private func address(_ text: String) throws -> CallerKey {
        hash.address(try SocketAddress(ipAddress: text, port: 4_711))
    }

    @Test func `knows a credential wherever it stands, and however its scheme is written`() {
        let token = credential("Authorization: Bearer abc\r\n")
        #expect(token != nil)
        for same in ["bearer abc", "BEARER   abc", "Bearer abc  "] {
            #expect(credential("Authorization: \(same)\r\n") == token)
        }
        let others = ["Authorization: Bearer abd\r\n", "Authorization: Basic abc\r\n", "X-API-Key: abc\r\n", ""]
        for other in others { #expect(credential(other) != token) }
        #expect(credential("X-API-Key: abc\r\n") != nil)
        #expect(credential("X-API-Key: abc\r\n") == credential("x-api-key: abc\r\n"))
        #expect(credential("Authorization: Bearer abc\r\nX-API-Key: other\r\n") == token)
        for none in ["", "X-API-Key:\r\n", "X-Api-Kez: abc\r\n"] { #expect(credential(none) == nil) }
    }

    @Test func `knows an address by what one household has`() throws {
        #expect(try address("192.0.2.1") == address("192.0.2.1"))
        #expect(try address("192.0.2.1") != address("192.0.2.2"))
        #expect(try address("::ffff:192.0.2.1") == address("192.0.2.1"))
        #expect(try address("2001:db8:0:1::1") == address("2001:db8:0:1:ffff::2"))
        #expect(try address("2001:db8:0:1::1") != address("2001:db8:0:2::1"))
        #expect(hash.address(nil) == hash.address(try SocketAddress(unixDomainSocketPath: "/run/gateway")))
    }

    @Test func `is another one with another secret`() throws {
        let address = try SocketAddress(ipAddress: "192.0.2.1", port: 1)
        #expect(CallerHash(seed: 1).address(address) == CallerHash(seed: 1).address(address))
        #expect(CallerHash(seed: 1).address(address) != CallerHash(seed: 2).address(address))
    }

    @Test func `takes the name of a tool as it is meant`() {
        func tool(_ json: String) -> UInt64 {
            ByteBuffer(string: json).withByteView { bytes in
                let range = ByteRange(start: 1, length: bytes.count - 2)
                return hash.tool(JSONText(range: range, isEscaped: json.contains("\\")), in: bytes)
            }
        }
        #expect(tool(#""echo""#) == tool(#""\u0065cho""#))
        #expect(tool(#""echo""#) != tool(#""Echo""#))
    }
}
