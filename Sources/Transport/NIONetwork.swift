package import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The network of the operating system, through SwiftNIO.
package struct NIONetwork: Network {
    /// The network.
    package init() {}

    package func connect(
        to address: BackendAddress, timeout: TimeAmount, on eventLoop: any EventLoop, connection: HTTPClientConnection
    ) {
        guard !address.isUnresolved else {
            let bound = NIOLoopBound(connection, eventLoop: eventLoop)
            return eventLoop.execute { bound.value.connectFailed() }
        }
        NIONetwork.attach(connection, timeout, address.tls, eventLoop) {
            let bootstrap = NIONetwork.keepAlive($0.channelOption(.tcpOption(.tcp_nodelay), value: 1))
            if let place = try? SocketAddress(ipAddress: address.host, port: address.port) {
                return bootstrap.connect(to: place)
            }
            guard address.host == "localhost" else {
                return bootstrap.connect(host: address.host, port: address.port)
            }
            return bootstrap.resolver(LoopbackResolver(eventLoop: eventLoop))
                .connect(host: address.host, port: address.port)
        }
    }

    /// A connection may be silent for long, and must end all the same when its peer is gone without a word: after 15 s of
    /// silence the kernel asks every 5 s, and gives up after three questions (Linux, `tcp(7)`).
    private static func keepAlive(_ bootstrap: ClientBootstrap) -> ClientBootstrap {
        let asking = bootstrap.channelOption(.socketOption(.so_keepalive), value: 1)
        #if os(Linux)
            let options = [(TCP_KEEPIDLE, 15), (TCP_KEEPINTVL, 5), (TCP_KEEPCNT, 3)] as [(CInt, Int)]
            return options.reduce(asking) { bootstrap, option in
                bootstrap.channelOption(.tcpOption(NIOBSDSocket.Option(rawValue: option.0)), value: option.1)
            }
        #else
            return asking
        #endif
    }

    /// The same with the unix-domain socket at `path`.
    package func connect(
        toSocket path: String, timeout: TimeAmount, on eventLoop: any EventLoop, connection: HTTPClientConnection
    ) {
        NIONetwork.attach(connection, timeout, nil, eventLoop) { $0.connect(unixDomainSocketPath: path) }
    }

    private static func attach(
        _ connection: HTTPClientConnection, _ timeout: TimeAmount, _ tls: ClientTLS?, _ eventLoop: any EventLoop,
        _ connect: (ClientBootstrap) -> EventLoopFuture<any Channel>
    ) {
        let bound = NIOLoopBound(connection, eventLoop: eventLoop)
        let bootstrap = ClientBootstrap(group: eventLoop).connectTimeout(timeout).channelOption(.autoRead, value: false)
        connect(bootstrap).whenComplete { result in
            // Into the pipeline only now: for a name with several addresses, several channels are tried.
            do {
                let channel = try result.get()
                if let tls {
                    tls.seal(channel, for: bound.value).assumeIsolated()
                        .whenFailure { _ in bound.value.connectFailed() }
                    return
                }
                bound.value.write(past: channel)
                try channel.pipeline.syncOperations.addHandler(bound.value)
            } catch {
                bound.value.connectFailed()
            }
        }
    }

    package func listen(
        host: String, port: Int, loops: [any EventLoop], budget: ConnectionBudget, tls: ListenerTLS?,
        makeHandler: @escaping @Sendable (any EventLoop) -> HTTPServerConnection
    ) async throws -> any BoundListener {
        try await Listener.bind(
            host: host, port: port, loops: loops, budget: budget, tls: tls, makeHandler: makeHandler)
    }

    package func adopt(
        _ socket: HandedSocket, loops: [any EventLoop], budget: ConnectionBudget, tls: ListenerTLS?,
        makeHandler: @escaping @Sendable (any EventLoop) -> HTTPServerConnection
    ) async throws -> any BoundListener {
        try await Listener.adopt(socket, loops: loops, budget: budget, tls: tls, makeHandler: makeHandler)
    }

    package func randomSeed() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
