package import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Listening sockets for one address, one per event loop.
///
/// Each loop accepts for itself, so a connection never changes threads. The sockets of a port are bound with `SO_REUSEPORT`;
/// with port 0 the first one picks the port and the others share it. A port that another process listens on is refused, even
/// where the system would share it. A path has one socket, and so one loop.
package struct Listener: BoundListener {
    /// The address that is really bound.
    package let localAddress: SocketAddress
    /// One for each socket.
    let channels: [any Channel]
    /// The file of a unix-domain socket.
    private let file: SocketFile?

    /// A listener that has been brought up.
    init(localAddress: SocketAddress, channels: [any Channel], file: SocketFile?) {
        self.localAddress = localAddress
        self.channels = channels
        self.file = file
    }

    package var boundAddress: String {
        if let path = localAddress.pathname { return "unix:\(path)" }
        let host = localAddress.ipAddress ?? "?"
        return (host.contains(":") ? "[\(host)]" : host) + ":\(localAddress.port ?? 0)"
    }

    /// Binds `host`:`port` once on each of `loops`.
    ///
    /// - Parameters:
    ///   - backlog: connections that may wait to be accepted.
    ///   - budget: the connections of the process; without room the listener accepts no more until one ends.
    ///   - tls: how connections are sealed; `nil`: never.
    ///   - makeHandler: makes the handler of a new connection; called on the connection's loop.
    /// - Throws: `ListenerError` when the address cannot be had.
    package static func bind(
        host: String, port: Int, loops: [any EventLoop], budget: ConnectionBudget, backlog: Int32 = 1_024,
        tls: ListenerTLS? = nil, makeHandler: @escaping @Sendable (any EventLoop) -> HTTPServerConnection
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
                let channel = try await bootstrap(loop, budget, tls, makeHandler)
                    .serverChannelOption(.backlog, value: backlog)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .serverChannelOption(
                        .socket(SocketOptionLevel(SOL_SOCKET), SocketOptionName(SO_REUSEPORT)),
                        value: loops.count > 1 ? 1 : 0
                    )
                    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
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
        return Listener(localAddress: address, channels: channels, file: nil)
    }

    /// Listens at `path`, on a unix-domain socket whose file is removed when the listener is closed. All its connections live
    /// on `loop`.
    ///
    /// A file that is left of a dead process is replaced. The process must be able to write to the folder.
    ///
    /// - Parameters:
    ///   - mode: permissions of the file; whoever may write to it may connect.
    ///   - backlog, budget, makeHandler: as above.
    /// - Throws: `ListenerError` when the path cannot be had.
    package static func bind(
        path: String, mode: UInt16 = 0o600, loop: any EventLoop, budget: ConnectionBudget, backlog: Int32 = 1_024,
        makeHandler: @escaping @Sendable (any EventLoop) -> HTTPServerConnection
    ) async throws -> Listener {
        let file = try SocketFile(at: path, mode: mode)
        do {
            let address = try SocketAddress(unixDomainSocketPath: path)
            let channel = try await bootstrap(loop, budget, nil, makeHandler).withBoundSocket(file.descriptor).get()
            // The channel has let few connections wait.
            listen(file.descriptor, backlog)
            return Listener(localAddress: address, channels: [channel], file: file)
        } catch {
            file.remove()
            throw ListenerError(path: path, reason: "\(error)")
        }
    }

    /// What all listeners of the gateway have in common, on one loop.
    static func bootstrap(
        _ loop: any EventLoop, _ budget: ConnectionBudget, _ tls: ListenerTLS?,
        _ makeHandler: @escaping @Sendable (any EventLoop) -> HTTPServerConnection
    ) -> ServerBootstrap {
        ServerBootstrap(group: loop)
            .serverChannelOption(.maxMessagesPerRead, value: budget.acceptBatch)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptGate(budget))
                }
            }
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 65_536, high: 262_144))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = makeHandler(channel.eventLoop)
                    if let tls { return try tls.furnish(channel, with: connection) }
                    connection.write(past: channel)
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
    }

    /// Stops accepting and closes the sockets. Connections that were accepted go on.
    package func close() async {
        // Before the sockets: as long as they answer, nobody takes the file for a dead one and the path for its own.
        file?.remove()
        for channel in channels { try? await channel.close().get() }
    }
}

/// An address that cannot be listened on.
package struct ListenerError: Error, CustomStringConvertible {
    /// The address, as configured; `unix:PATH` for a path.
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
