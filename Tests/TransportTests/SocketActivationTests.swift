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

    /// Copies of `descriptors` at numbers that follow each other, as a service manager passes them, and the first of these.
    ///
    /// Only numbers that are free are taken: the process has descriptors of other tests, and one that is taken from them
    /// fails wherever it is used next.
    private func inARow(_ descriptors: [CInt]) throws -> CInt {
        var first: CInt = 0
        while true {
            var copies: [CInt] = []
            for descriptor in descriptors {
                let copy = fcntl(descriptor, F_DUPFD, copies.last.map { $0 + 1 } ?? first)
                try #require(copy >= 0, "no free descriptors in a row")
                copies.append(copy)
            }
            guard copies.last != copies[0] + CInt(copies.count - 1) else { return copies[0] }
            for copy in copies { close(copy) }
            first = copies[0] + 1
        }
    }

    @Test func `finds the sockets of one name and address together`() async throws {
        let server = try await SocketServer.start(loopCount: 2)
        let copies = try await server.listener.copySockets(name: "x")
        let first = try inARow(copies.descriptors)
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
        let first = try inARow([copies.descriptors[0], copies.descriptors[0]])
        copies.close()
        let sockets = try SocketActivation.sockets(count: "2", process: process, names: "a:b", first: first)
        #expect(sockets.map(\.descriptors) == [[first]])
        // Closed; another test may have the number by now.
        #expect(SocketActivation.address(of: first + 1) != server.listener.boundAddress)
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
        // More than any limit of descriptors allows.
        let beyond = CInt.max - 8
        #expect(throws: HandoverError.malformed("LISTEN_FDNAMES has 1 names for 2 descriptors")) {
            try SocketActivation.sockets(count: "2", process: process, names: "mcp", first: beyond)
        }
        #expect(throws: HandoverError.system("LISTEN_FDS", code: EBADF)) {
            try SocketActivation.sockets(count: "1", process: process, names: "mcp", first: beyond)
        }
    }
}
