import NIOCore
import NIOSSL
import Transport

/// Makes the connections of one client.
struct RedisDialer: Sendable {
    /// How the Redis is used.
    let options: RedisOptions
    /// What seals the connections; `nil` where they are not.
    private let tls: NIOSSLContext?

    /// - Throws: `RedisTLSError` when a file cannot be used.
    init(_ options: RedisOptions) throws(RedisTLSError) {
        self.options = options
        tls = options.url.usesTLS ? try options.tls.makeContext() : nil
    }

    /// Connects `connection` to `address`. Only on the loop; the outcome arrives at the connection.
    func connect(_ connection: RedisConnection, to address: RedisAddress, on eventLoop: any EventLoop) {
        let bound = NIOLoopBound(connection, eventLoop: eventLoop)
        let destination: SocketDialer.Destination
        let name: String?
        switch address {
        case .tcp(let host, let port):
            destination = .tcp(host: host, port: port)
            // An address stands in a certificate as such, and is compared with the one that was connected to.
            name = options.tls.serverName ?? ((try? SocketAddress(ipAddress: host, port: port)) == nil ? host : nil)
        case .unix(let path):
            destination = .unix(path: path)
            name = nil
        }
        SocketDialer.connect(to: destination, timeout: options.connectTimeout, on: eventLoop) { [tls] channel in
            if let tls {
                _ = try PeerNameCheck.addTLS(tls, for: name, to: channel.pipeline.syncOperations)
            } else {
                bound.value.write(past: channel)
            }
            try channel.pipeline.syncOperations.addHandler(bound.value)
        }.whenFailure { _ in
            bound.value.connectFailed()
        }
    }
}
