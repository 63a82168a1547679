package import NIOCore

/// Connections, time and chance: everything that the gateway takes from the world, in one place that tests replace.
///
/// Two implementations exist: `NIONetwork` for sockets, and the simulated one of the test kit, in which connections are
/// pairs of queues, time is moved by hand and chance comes from a seed.
package protocol Network: Sendable {
    /// Connects to `address` on `eventLoop` and puts `connection` at the end of the pipeline. Called on the loop.
    ///
    /// The outcome arrives at the connection: it becomes active, or `connectFailed` is called, within `timeout`.
    func connect(
        to address: BackendAddress, timeout: TimeAmount, on eventLoop: any EventLoop, connection: HTTPClientConnection)

    /// A number that nobody can foresee, from the operating system; a seed for one generator.
    func randomSeed() -> UInt64
}

/// Where a backend listens.
package struct BackendAddress: Hashable, Sendable {
    /// A host name or an IP address, without brackets.
    package var host: String
    /// The port.
    package var port: Int

    /// An address.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}
