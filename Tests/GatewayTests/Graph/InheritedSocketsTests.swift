import Testing
import Transport

@testable import Gateway

/// Which socket that somebody else has bound is for which address.
@Suite struct InheritedSocketsTests {
    private func deal(_ addresses: String, _ sockets: [(name: String, address: String)]) throws -> InheritedSockets {
        let text = "\(addresses)\npools: { a: { backends: [http://a/mcp] } }\n"
        return InheritedSockets(
            sockets.map { HandedSocket(name: $0.name, address: $0.address, descriptors: []) },
            for: try ConfigurationSupport.load(text).configuration)
    }

    @Test func `a socket is for the address that it is bound to, whatever it is called`() throws {
        let sockets = try deal(
            "listen: [127.0.0.1:8080, 127.0.0.1:8081]\nadmin: 127.0.0.1:9090",
            [("unknown", "127.0.0.1:9090"), ("x", "127.0.0.1:8081"), ("mcp", "127.0.0.1:8082")])
        #expect(sockets.admin?.name == "unknown")
        #expect(sockets.listeners.map { $0?.address } == [nil, "127.0.0.1:8081"])
        #expect(sockets.unmatched.map(\.address) == ["127.0.0.1:8082"])
    }

    @Test func `an IPv6 address has several spellings`() throws {
        let sockets = try deal(
            "listen: \"[0:0:0:0:0:0:0:1]:8080\"\nadmin: \"[::1]:9090\"", [("a", "[::1]:8080"), ("b", "[::1]:9090")])
        #expect(sockets.admin?.name == "b")
        #expect(sockets.listeners.map { $0?.name } == ["a"])
    }

    @Test func `where the system picks the port, host and name decide`() throws {
        let sockets = try deal(
            "listen: [127.0.0.1:0, 127.0.0.1:8080]\nadmin: 127.0.0.1:0",
            [("mcp", "127.0.0.1:8080"), ("mcp", "127.0.0.1:40000"), ("admin", "127.0.0.1:40001")])
        #expect(sockets.admin?.address == "127.0.0.1:40001")
        #expect(sockets.listeners.map { $0?.address } == ["127.0.0.1:40000", "127.0.0.1:8080"])
        #expect(sockets.unmatched.isEmpty)
        let others = try deal(
            "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0", [("mcp", "127.0.0.11:40000"), ("unknown", "127.0.0.1:40001")])
        #expect(others.admin == nil && others.listeners == [nil])
    }

    @Test func `of two sockets for one address the first one is taken`() throws {
        let sockets = try deal(
            "listen: 127.0.0.1:8080\nadmin: 127.0.0.1:9090", [("a", "127.0.0.1:8080"), ("b", "127.0.0.1:8080")])
        #expect(sockets.listeners.map { $0?.name } == ["a"])
        #expect(sockets.unmatched.map(\.name) == ["b"])
    }
}
