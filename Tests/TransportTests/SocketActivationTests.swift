import Testing

@testable import Transport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Sockets that a service manager passes by number.
@Suite(.serialized, .timeLimit(.minutes(1))) struct SocketActivationTests {
    private let process = "\(getpid())"

    @Test func `finds the sockets of one name and address together`() async throws {
        let server = try await SocketServer.start(loopCount: 2)
        let copies = try await server.listener.copySockets(name: "x")
        let first: CInt = 700
        for (index, descriptor) in copies.descriptors.enumerated() { _ = dup2(descriptor, first + CInt(index)) }
        copies.close()
        let sockets = try SocketActivation.sockets(count: "2", process: process, names: "mcp:mcp", first: first)
        #expect(
            sockets == [
                HandedSocket(name: "mcp", address: server.listener.boundAddress, descriptors: [first, first + 1])
            ])
        #expect(fcntl(first, F_GETFD) & FD_CLOEXEC != 0)
        let apart = try SocketActivation.sockets(count: "2", process: process, names: "mcp:admin", first: first)
        #expect(apart.map(\.name) == ["mcp", "admin"])
        let unnamed = try SocketActivation.sockets(count: "2", process: process, names: nil, first: first)
        #expect(unnamed.map(\.name) == ["unknown"])
        for socket in unnamed { socket.close() }
        await server.listener.close()
    }

    @Test func `a socket that comes twice counts once`() async throws {
        let server = try await SocketServer.start()
        let copies = try await server.listener.copySockets(name: "x")
        let first: CInt = 720
        for index in 0..<2 { _ = dup2(copies.descriptors[0], first + CInt(index)) }
        copies.close()
        let sockets = try SocketActivation.sockets(count: "2", process: process, names: "a:b", first: first)
        #expect(sockets.map(\.descriptors) == [[first]])
        #expect(fcntl(first + 1, F_GETFD) == -1)
        for socket in sockets { socket.close() }
        await server.listener.close()
    }

    @Test func `takes nothing that is meant for another process`() throws {
        #expect(try SocketActivation.sockets(count: "1", process: "1", names: nil) == [])
        #expect(try SocketActivation.sockets(count: "1", process: nil, names: nil) == [])
        #expect(try SocketActivation.sockets(count: nil, process: process, names: nil) == [])
        #expect(try SocketActivation.sockets(count: "0", process: process, names: nil) == [])
    }

    @Test(arguments: ["-1", "254", "two", "", "99999999999999999999"])
    func `refuses a count that makes no sense`(count: String) {
        #expect(throws: HandoverError.self) {
            try SocketActivation.sockets(count: count, process: process, names: nil)
        }
    }

    @Test func `refuses names that are not as many as descriptors, and descriptors that are not open`() {
        #expect(throws: HandoverError.malformed("LISTEN_FDNAMES has 1 names for 2 descriptors")) {
            try SocketActivation.sockets(count: "2", process: process, names: "mcp", first: 900)
        }
        #expect(throws: HandoverError.system("LISTEN_FDS", code: EBADF)) {
            try SocketActivation.sockets(count: "1", process: process, names: "mcp", first: 900)
        }
    }
}
