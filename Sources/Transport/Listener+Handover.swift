package import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension Listener {
    /// Accepts from sockets that are bound already, and listen.
    ///
    /// Every descriptor is accepted from: the system spreads connections over the sockets of a port, and those that it puts
    /// into a queue without a reader would hang. More descriptors than loops are dealt out in turn. Loops that get none bind a
    /// socket of their own beside the first, where that was bound with `SO_REUSEPORT`; else they have no connections. The
    /// descriptors are the listener's from here on, and closed if this throws.
    ///
    /// Nobody else may accept from them, in this process or another one: whoever is told of a connection and finds that it is
    /// gone cannot tell this from a fault.
    ///
    /// - Parameter loops: where connections live; at least one.
    /// - Throws: `ListenerError` when one of them is no listening socket.
    package static func adopt(
        _ socket: HandedSocket, loops: [any EventLoop], budget: ConnectionBudget, backlog: Int32 = 1_024,
        tls: ListenerTLS? = nil, makeHandler: @escaping @Sendable (any EventLoop) -> HTTPServerConnection
    ) async throws -> Listener {
        var waiting = socket.descriptors[...]
        var channels: [any Channel] = []
        do {
            guard let first = waiting.first, !loops.isEmpty else { throw HandoverError.malformed("no descriptor") }
            for descriptor in waiting where option(SO_ACCEPTCONN, of: descriptor) != 1 {
                throw HandoverError.malformed("no listening socket")
            }
            let sharesPort = option(SO_REUSEPORT, of: first) == 1
            while let descriptor = waiting.popFirst() {
                // Whether it becomes a channel or not, the descriptor is the bootstrap's from here on.
                let channel = try await bootstrap(loops[channels.count % loops.count], budget, tls, makeHandler)
                    .serverChannelOption(.backlog, value: backlog)
                    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .withBoundSocket(descriptor).get()
                channels.append(channel)
            }
            guard let address = channels.first?.localAddress else {
                throw HandoverError.malformed("the socket has no address")
            }
            if sharesPort {
                for loop in loops.dropFirst(channels.count) {
                    // Without it there are fewer who accept, and that is all.
                    guard let channel = try? await bindBeside(address, loop, budget, backlog, tls, makeHandler) else {
                        break
                    }
                    channels.append(channel)
                }
            }
            return Listener(localAddress: address, channels: channels, file: nil)
        } catch {
            HandedSocket(name: "", address: "", descriptors: Array(waiting)).close()
            for channel in channels { channel.close(promise: nil) }
            throw ListenerError(address: socket.address, reason: "\(error)")
        }
    }

    private static func bindBeside(
        _ address: SocketAddress, _ loop: any EventLoop, _ budget: ConnectionBudget, _ backlog: Int32,
        _ tls: ListenerTLS?, _ makeHandler: @escaping @Sendable (any EventLoop) -> HTTPServerConnection
    ) async throws -> any Channel {
        try await bootstrap(loop, budget, tls, makeHandler)
            .serverChannelOption(.backlog, value: backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.socket(SocketOptionLevel(SOL_SOCKET), SocketOptionName(SO_REUSEPORT)), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .bind(to: address).get()
    }

    package func copySockets(name: String) async throws -> HandedSocket {
        var copies = HandedSocket(name: name, address: boundAddress, descriptors: [])
        do {
            for channel in channels {
                let copy = try await channel.eventLoop.submit {
                    try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable { (socket: CInt) in
                        fcntl(socket, F_DUPFD_CLOEXEC, 0)
                    }
                }.get()
                guard let copy, copy >= 0 else { throw HandoverError.malformed("the socket is closed") }
                copies.descriptors.append(copy)
            }
        } catch {
            copies.close()
            throw ListenerError(address: boundAddress, reason: "\(error)")
        }
        return copies
    }

    private static func option(_ option: CInt, of descriptor: CInt) -> CInt? {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, SOL_SOCKET, option, &value, &length) == 0 ? min(value, 1) : nil
    }
}
