import NIOCore
import NIOPosix
import Testing
import Transport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Listeners on unix-domain sockets, and the files of these.
@Suite(.serialized, .timeLimit(.minutes(1))) struct SocketFileTests {
    private let path = "/tmp/mcp-listener-\(getpid())-\(UInt32.random(in: .min ... .max)).sock"

    private func status() -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }

    private func ask() async throws -> Bool {
        let path = path
        return try await blocking {
            guard let peer = SocketPeer(path: path) else { return false }
            peer.send("GET / HTTP/1.0\r\n\r\n")
            return peer.receive().bytes.starts(with: Array("HTTP/1.1 200 ".utf8))
        }
    }

    private func refusal() async throws -> String {
        do {
            let server = try await SocketServer.start(path: path)
            await server.listener.close()
            return "none"
        } catch let error as ListenerError {
            return error.description
        }
    }

    @Test func `listens at a path, and removes the file at the end`() async throws {
        let server = try await SocketServer.start(path: path)
        #expect(server.listener.boundAddress == "unix:\(path)")
        #expect(server.listener.localAddress.pathname == path)
        for _ in 0..<20 { #expect(try await ask()) }
        await server.listener.close()
        #expect(status() == nil)
        #expect(try await !ask())
    }

    @Test(arguments: [0o600, 0o660, 0o777] as [UInt16]) func `lets in whom the mode says`(_ mode: UInt16) async throws {
        let server = try await SocketServer.start(path: path, mode: mode)
        #expect(try UInt16(truncatingIfNeeded: #require(status()).st_mode) & 0o777 == mode)
        await server.listener.close()
    }

    @Test func `answers in pieces larger than the socket takes at once`() async throws {
        let server = try await SocketServer.start(path: path) { _, connection in
            connection.respond(HTTPAnswer(status: 200, body: ByteBuffer(repeating: 0x79, count: 8_000_000)))
        }
        let path = path
        let count = try await blocking {
            guard let peer = SocketPeer(path: path) else { return 0 }
            peer.send("GET / HTTP/1.0\r\n\r\n")
            return peer.receive().bytes.count
        }
        #expect(count > 8_000_000)
        await server.listener.close()
    }

    @Test func `replaces the file of a dead process`() async throws {
        let dead = SocketPeer.makeSocket(AF_UNIX)
        let address = try SocketAddress(unixDomainSocketPath: path)
        #expect(address.withSockAddr { bind(dead, $0, socklen_t($1)) } == 0)
        #expect(listen(dead, 1) == 0)
        #expect(try await refusal().hasSuffix("somebody listens there"))
        close(dead)
        #expect(status() != nil)
        let server = try await SocketServer.start(path: path)
        #expect(try await ask())
        await server.listener.close()
        #expect(status() == nil)
    }

    @Test func `leaves the path to a process that listens there`() async throws {
        let first = try await SocketServer.start(path: path)
        #expect(try await refusal() == "cannot listen on unix:\(path): somebody listens there")
        #expect(try await ask())
        await first.listener.close()
    }

    @Test func `leaves a file alone that is no socket`() async throws {
        close(open(path, O_CREAT | O_WRONLY, 0o600))
        #expect(try await refusal().hasSuffix("the file is no socket"))
        #expect(status() != nil)
        unlink(path)
    }

    @Test func `leaves a file alone that has taken the place of its own`() async throws {
        let server = try await SocketServer.start(path: path)
        // Kept under another name, so that its number is not given to the next file.
        rename(path, path + ".old")
        close(open(path, O_CREAT | O_WRONLY, 0o600))
        await server.listener.close()
        #expect(status() != nil)
        unlink(path)
        unlink(path + ".old")
    }

    @Test(arguments: ["", String(repeating: "x", count: 200), "/nowhere/at/all/x.sock"])
    func `refuses a path that cannot be`(_ path: String) async throws {
        await #expect(throws: ListenerError.self) { _ = try await SocketServer.start(path: path) }
    }

    @Test func `is reached by the client's own connections`() async throws {
        let server = try await SocketServer.start(path: path)
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        for (path, expected) in [
            (path, ["connected", "head 200 ", "body /x", "end"]), (path + ".other", ["failed connect"]),
        ] {
            let log = try await loop.flatSubmit { () -> EventLoopFuture<[String]> in
                let promise = loop.makePromise(of: [String].self)
                let client = RecordingClient()
                let connection = HTTPClientConnection()
                connection.delegate = client
                client.onEvent = { event, connection in
                    if event == "connected" {
                        connection.send(ByteBuffer(string: "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"))
                    }
                    guard event.hasPrefix("end") || event.hasPrefix("failed") else { return }
                    promise.succeed(client.log)
                    client.onEvent = nil
                    connection.close()
                }
                NIONetwork().connect(toSocket: path, timeout: .seconds(5), on: loop, connection: connection)
                return promise.futureResult
            }.get()
            #expect(log.map { $0.prefix(9) } == expected.map { $0.prefix(9) })
        }
        await server.listener.close()
    }
}
