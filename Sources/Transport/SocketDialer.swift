package import NIOCore
import NIOPosix

/// Connects to peers that are not backends, each with handlers of its own.
package enum SocketDialer {
    /// Where a peer listens.
    package enum Destination: Hashable, Sendable {
        /// A host name or an IP address, without brackets, and a port.
        case tcp(host: String, port: Int)
        /// The path of a socket in the file system.
        case unix(path: String)
    }

    /// Connects to `destination` and lets `addHandlers` furnish the channel, which reads nothing before that.
    ///
    /// Fails with the error of the operating system, or of `addHandlers`, within `timeout`. For a name with several
    /// addresses, several channels may be tried; only the one that connects is furnished.
    package static func connect(
        to destination: Destination, timeout: TimeAmount, on eventLoop: any EventLoop,
        addHandlers: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<Void> {
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(timeout)
            .channelOption(.autoRead, value: false)
            .channelOption(.writeBufferWaterMark, value: .init(low: 1 << 20, high: 4 << 20))
        let connected: EventLoopFuture<any Channel>
        switch destination {
        case .unix(let path):
            connected = bootstrap.connect(unixDomainSocketPath: path)
        case .tcp(let host, let port):
            let bootstrap = bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1)
            if let address = try? SocketAddress(ipAddress: host, port: port) {
                // No need to ask the resolver, which would take a thread and two races.
                connected = bootstrap.connect(to: address)
            } else {
                connected = bootstrap.connect(host: host, port: port)
            }
        }
        return connected.flatMapThrowing { channel in
            do {
                try addHandlers(channel)
            } catch {
                channel.close(promise: nil)
                throw error
            }
            // From now on input has somebody to go to.
            try channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }
}
