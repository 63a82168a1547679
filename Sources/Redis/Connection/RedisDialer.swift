import NIOCore
import Synchronization
import Transport

/// Makes the connections of one client.
struct RedisDialer: Sendable {
    /// How the Redis is used.
    let options: RedisOptions
    /// What seals the connections; `nil` where they are not.
    private let seal: RedisSeal?

    /// - Throws: `TLSError` when there is nothing that the system trusts.
    init(_ options: RedisOptions) throws(TLSError) {
        self.options = options
        guard options.url.usesTLS else {
            seal = nil
            return
        }
        if let tls = options.tls { seal = RedisSeal(tls) } else { seal = RedisSeal(try ClientTLS()) }
    }

    /// Seals connections that are made from now on with `tls`, if any are.
    func replaceTLS(with tls: ClientTLS) { seal?.tls.withLock { $0 = tls } }

    /// Connects `connection` to `address`. Only on the loop; the outcome arrives at the connection.
    func connect(_ connection: RedisConnection, to address: RedisAddress, on eventLoop: any EventLoop) {
        let bound = NIOLoopBound(connection, eventLoop: eventLoop)
        let destination: SocketDialer.Destination
        var tls = seal?.tls.withLock { $0 }
        switch address {
        case .tcp(let host, let port):
            destination = .tcp(host: host, port: port)
            tls = tls?.forHost(host)
        case .unix(let path):
            destination = .unix(path: path)
        }
        SocketDialer.connect(to: destination, timeout: options.connectTimeout, on: eventLoop) { [tls] channel in
            if let tls {
                try tls.addHandlers(to: channel.pipeline.syncOperations)
            } else {
                bound.value.write(past: channel)
            }
            try channel.pipeline.syncOperations.addHandler(bound.value)
        }.whenFailure { _ in
            bound.value.connectFailed()
        }
    }
}

/// What connections are sealed with, which may change.
private final class RedisSeal: Sendable {
    let tls: Mutex<ClientTLS>

    init(_ tls: ClientTLS) {
        self.tls = Mutex(tls)
    }
}
