import NIOCore
import Transport

/// Makes the connections to Redis servers.
enum RedisDialer {
    /// Connects `connection` to `address`. Only on the loop; the outcome arrives at the connection.
    static func connect(
        _ connection: RedisConnection, to address: RedisAddress, options: RedisOptions, on eventLoop: any EventLoop
    ) {
        let bound = NIOLoopBound(connection, eventLoop: eventLoop)
        let destination: SocketDialer.Destination =
            switch address {
            case .tcp(let host, let port): .tcp(host: host, port: port)
            case .unix(let path): .unix(path: path)
            }
        SocketDialer.connect(to: destination, timeout: options.connectTimeout, on: eventLoop) { channel in
            bound.value.write(past: channel)
            try channel.pipeline.syncOperations.addHandler(bound.value)
        }.whenFailure { _ in
            bound.value.connectFailed()
        }
    }
}
