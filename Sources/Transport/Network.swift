package import NIOCore

/// Connections, time and chance: everything that the gateway takes from the world, in one place that tests replace.
///
/// Two implementations exist: `NIONetwork` for sockets, and the simulated one of the test kit, in which connections are
/// pairs of queues, time is moved by hand and chance comes from a seed.
package protocol Network: Sendable {
    /// Connects to `address` on `eventLoop` and puts `connection` at the end of the pipeline. Called on the loop.
    ///
    /// The outcome arrives at the connection: it becomes active, or `connectFailed` is called, within `timeout` and never
    /// from within this method.
    func connect(
        to address: BackendAddress, timeout: TimeAmount, on eventLoop: any EventLoop, connection: HTTPClientConnection)

    /// Listens on `host`:`port` on each of `loops` and makes a handler for every connection, on the connection's loop.
    ///
    /// Port 0 is any free port, the same for all loops. `budget` bounds the connections of the whole process; `tls` seals them,
    /// unless it is `nil`.
    ///
    /// - Throws: `ListenerError` when the address cannot be had.
    func listen(
        host: String, port: Int, loops: [any EventLoop], budget: ConnectionBudget, tls: ListenerTLS?,
        makeHandler: @escaping @Sendable (any EventLoop) -> HTTPServerConnection
    ) async throws -> any BoundListener

    /// Accepts from sockets that somebody else has bound, on `loops`; see `Listener.adopt`. They are the listener's from here
    /// on, and closed if this throws.
    ///
    /// - Throws: `ListenerError` when one of them is no listening socket.
    func adopt(
        _ socket: HandedSocket, loops: [any EventLoop], budget: ConnectionBudget, tls: ListenerTLS?,
        makeHandler: @escaping @Sendable (any EventLoop) -> HTTPServerConnection
    ) async throws -> any BoundListener

    /// A number that nobody can foresee, from the operating system; a seed for one generator.
    func randomSeed() -> UInt64
}

/// An address that is being listened on.
package protocol BoundListener: Sendable {
    /// The address that is really bound, `HOST:PORT`, IPv6 in brackets, or `unix:PATH`.
    var boundAddress: String { get }

    /// Stops accepting and closes the sockets. Connections that were accepted go on.
    func close() async

    /// Copies of the sockets, for another process or another listener. The queue of those who wait to be accepted lives until
    /// the last copy is closed. The caller closes them.
    ///
    /// - Throws: `ListenerError` when there is nothing to copy, or the process has no descriptor left.
    func copySockets(name: String) async throws -> HandedSocket
}

/// A network without sockets has none to hand over.
extension Network {
    package func adopt(
        _ socket: HandedSocket, loops: [any EventLoop], budget: ConnectionBudget, tls: ListenerTLS?,
        makeHandler: @escaping @Sendable (any EventLoop) -> HTTPServerConnection
    ) async throws -> any BoundListener {
        throw ListenerError(address: socket.address, reason: "this network has no sockets")
    }
}

extension BoundListener {
    package func copySockets(name: String) async throws -> HandedSocket {
        throw ListenerError(address: boundAddress, reason: "it has no sockets")
    }
}

/// Where a backend listens.
package struct BackendAddress: Hashable, Sendable {
    /// A host name or an IP address, without brackets.
    package var host: String
    /// The port.
    package var port: Int
    /// Whether `host` is a name whose addresses are not known. Nobody connects to it: each attempt fails at once, and never
    /// was anything sent.
    package private(set) var isUnresolved = false
    /// How connections are sealed; `nil`: not at all.
    package var tls: ClientTLS?

    /// An address.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// The address of nobody: what stands for a name as long as nothing is known of it.
    package static func unresolved(name: String, port: Int) -> BackendAddress {
        var address = BackendAddress(host: name, port: port)
        address.isUnresolved = true
        return address
    }

    package static func == (first: Self, second: Self) -> Bool {
        first.host == second.host && first.port == second.port && first.isUnresolved == second.isUnresolved
            && first.tls === second.tls
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(host)
        hasher.combine(port)
    }

    /// Where this machine reaches what listens on `host`, perhaps on all its addresses.
    package init(ofListenerOn host: String, port: Int) {
        switch host {
        case "0.0.0.0": self.init(host: "127.0.0.1", port: port)
        case "::": self.init(host: "::1", port: port)
        default: self.init(host: host, port: port)
        }
    }
}
