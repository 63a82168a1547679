import NIOCore
import Testing
import Wire

@testable import mcp_tool_server

struct CallerKeyTests {
    private func key(_ address: String, port: Int = 1) throws -> CallerKey {
        CallerKey(address: try SocketAddress(ipAddress: address, port: port))
    }

    @Test func `tells addresses apart, not ports`() throws {
        #expect(try key("192.0.2.1") == key("192.0.2.1", port: 2))
        #expect(try key("192.0.2.1") != key("192.0.2.2"))
    }

    @Test func `takes an IPv6 network for one caller`() throws {
        #expect(try key("2001:db8:1:2::1") == key("2001:db8:1:2:ffff::9"))
        #expect(try key("2001:db8:1:2::1") != key("2001:db8:1:3::1"))
    }

    @Test func `knows an IPv4 address in IPv6 form`() throws {
        #expect(try key("::ffff:192.0.2.1") == key("192.0.2.1"))
        #expect(try key("::ffff:192.0.2.1") != key("::ffff:192.0.2.2"))
        #expect(try key("::1") != key("0.0.0.1"))
    }

    @Test func `takes all who have no address for one caller`() throws {
        #expect(CallerKey(address: nil) == CallerKey(address: try SocketAddress(unixDomainSocketPath: "/tmp/x")))
        #expect(try CallerKey(address: nil) != key("0.0.0.0"))
    }

    @Test func `tells credentials apart, and from addresses`() throws {
        func credential(_ text: String) -> CallerKey {
            ByteBuffer(string: text).withByteView { CallerKey(credential: $0) }
        }
        #expect(credential("Bearer a") == credential("Bearer a"))
        #expect(credential("Bearer a") != credential("Bearer b"))
        #expect(try credential("") != key("192.0.2.1"))
    }
}
