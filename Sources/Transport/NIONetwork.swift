package import NIOCore
import NIOPosix

/// The network of the operating system, through SwiftNIO.
package struct NIONetwork: Network {
    /// The network.
    package init() {}

    package func connect(
        to address: BackendAddress, timeout: TimeAmount, on eventLoop: any EventLoop, connection: HTTPClientConnection
    ) {
        let bound = NIOLoopBound(connection, eventLoop: eventLoop)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
            .connect(host: address.host, port: address.port)
            .whenFailure { _ in bound.value.connectFailed() }
    }

    package func randomSeed() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
