import NIOCore
import NIOPosix

/// Knows one name: `localhost`, which is this machine whatever a name server says (RFC 6761 §6.3). SwiftNIO tries its
/// two addresses as RFC 8305 says, so that the one counts where somebody listens.
struct LoopbackResolver: Resolver, Sendable {
    let eventLoop: any EventLoop

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        eventLoop.makeCompletedFuture { [try SocketAddress(ipAddress: "127.0.0.1", port: port)] }
    }

    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        eventLoop.makeCompletedFuture { [try SocketAddress(ipAddress: "::1", port: port)] }
    }

    func cancelQueries() {}
}
