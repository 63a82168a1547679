package import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Listening sockets for one address, one per event loop, all bound with `SO_REUSEPORT`.
///
/// Each loop accepts for itself, so a connection never changes threads. With port 0 the first socket picks the port and
/// the others share it. A port that another process listens on is refused, even where the system would share it.
package struct Listener: BoundListener {
    /// The address that is really bound.
    package let localAddress: SocketAddress
    private let channels: [any Channel]

    package var boundAddress: String {
        let host = localAddress.ipAddress ?? "?"
        return (host.contains(":") ? "[\(host)]" : host) + ":\(localAddress.port ?? 0)"
    }

    /// Binds `host`:`port` once on each of `loops`.
    ///
    /// - Parameters:
    ///   - backlog: connections that may wait to be accepted.
    ///   - budget: the connections of the process; without room the listener accepts no more until one ends.
    ///   - makeHandler: makes the handler of a new connection; called on the connection's loop.
    /// - Throws: `ListenerError` when the address cannot be had.
    package static func bind(
        host: String, port: Int, loops: [any EventLoop], budget: ConnectionBudget, backlog: Int32 = 1_024,
        makeHandler: @escaping @Sendable (any EventLoop) -> HTTPServerConnection
    ) async throws -> Listener {
        var channels: [any Channel] = []
        var boundPort = port
        do {
            if loops.count > 1, port != 0, let loop = loops.first {
                // With SO_REUSEPORT two gateways of one user would share the port, each getting some of the calls. A socket
                // without it finds out.
                let probe = try await ServerBootstrap(group: loop)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .bind(host: host, port: port).get()
                try await probe.close().get()
            }
            for loop in loops {
                let channel = try await ServerBootstrap(group: loop)
                    .serverChannelOption(.backlog, value: backlog)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .serverChannelOption(
                        .socket(SocketOptionLevel(SOL_SOCKET), SocketOptionName(SO_REUSEPORT)),
                        value: loops.count > 1 ? 1 : 0
                    )
                    .serverChannelOption(.maxMessagesPerRead, value: budget.acceptBatch)
                    .serverChannelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(AcceptGate(budget))
                        }
                    }
                    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .childChannelOption(.autoRead, value: false)
                    .childChannelOption(.allowRemoteHalfClosure, value: true)
                    .childChannelOption(.writeBufferWaterMark, value: .init(low: 65_536, high: 262_144))
                    .childChannelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            let connection = makeHandler(channel.eventLoop)
                            connection.write(past: channel)
                            try channel.pipeline.syncOperations.addHandler(connection)
                        }
                    }
                    .bind(host: host, port: boundPort).get()
                channels.append(channel)
                boundPort = channel.localAddress?.port ?? boundPort
            }
        } catch {
            for channel in channels { channel.close(promise: nil) }
            throw ListenerError(address: "\(host):\(port)", reason: "\(error)")
        }
        guard let address = channels.first?.localAddress else {
            throw ListenerError(address: "\(host):\(port)", reason: "the socket has no address")
        }
        return Listener(localAddress: address, channels: channels)
    }

    /// Stops accepting and closes the sockets. Connections that were accepted go on.
    package func close() async {
        for channel in channels { try? await channel.close().get() }
    }
}

/// An address that cannot be listened on.
package struct ListenerError: Error, CustomStringConvertible {
    /// The address, as configured.
    package let address: String
    /// What the operating system said.
    package let reason: String

    /// The address and the reason.
    package init(address: String, reason: String) {
        self.address = address
        self.reason = reason
    }

    package var description: String { "cannot listen on \(address): \(reason)" }
}
