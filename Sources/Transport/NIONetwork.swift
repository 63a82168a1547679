package import NIOCore
import NIOPosix

/// The network of the operating system, through SwiftNIO.
package struct NIONetwork: Network {
    /// The network.
    package init() {}

    package func connect(
        to address: BackendAddress, timeout: TimeAmount, on eventLoop: any EventLoop, connection: HTTPClientConnection
    ) {
        NIONetwork.attach(connection, timeout, eventLoop) {
            $0.channelOption(.tcpOption(.tcp_nodelay), value: 1).connect(host: address.host, port: address.port)
        }
    }

    /// The same with the unix-domain socket at `path`.
    package func connect(
        toSocket path: String, timeout: TimeAmount, on eventLoop: any EventLoop, connection: HTTPClientConnection
    ) {
        NIONetwork.attach(connection, timeout, eventLoop) { $0.connect(unixDomainSocketPath: path) }
    }

    private static func attach(
        _ connection: HTTPClientConnection, _ timeout: TimeAmount, _ eventLoop: any EventLoop,
        _ connect: (ClientBootstrap) -> EventLoopFuture<any Channel>
    ) {
        let bound = NIOLoopBound(connection, eventLoop: eventLoop)
        let bootstrap = ClientBootstrap(group: eventLoop).connectTimeout(timeout).channelOption(.autoRead, value: false)
        connect(bootstrap).whenComplete { result in
            // Into the pipeline only now: for a name with several addresses, several channels are tried.
            do {
                let channel = try result.get()
                bound.value.write(past: channel)
                try channel.pipeline.syncOperations.addHandler(bound.value)
            } catch {
                bound.value.connectFailed()
            }
        }
    }

    package func listen(
        host: String, port: Int, loops: [any EventLoop], budget: ConnectionBudget,
        makeHandler: @escaping @Sendable (any EventLoop) -> HTTPServerConnection
    ) async throws -> any BoundListener {
        try await Listener.bind(host: host, port: port, loops: loops, budget: budget, makeHandler: makeHandler)
    }

    package func randomSeed() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
