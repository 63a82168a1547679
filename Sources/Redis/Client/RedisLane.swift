package import NIOCore
import Wire

/// What one event loop has of a Redis: commands are sent from the loop's own code, and replies come there.
///
/// Belongs to its loop; not `Sendable`.
package final class RedisLane {
    private enum Servers {
        case one(RedisLink)
        case cluster(RedisCluster)
    }

    private let servers: Servers
    private let timeout: TimeAmount

    init(_ eventLoop: any EventLoop, dialer: RedisDialer, status: RedisStatus, seed: UInt64) {
        timeout = dialer.options.timeout
        if case .cluster = dialer.options.topology {
            let cluster = RedisCluster(dialer: dialer, on: eventLoop, status: status, seed: seed)
            servers = .cluster(cluster)
            cluster.start()
        } else {
            let link = RedisLink(
                dialer.options.url.address, found: dialer.makeLocator(on: eventLoop), by: dialer, on: eventLoop,
                status: status, seed: seed)
            servers = .one(link)
            link.start()
        }
    }

    /// Whether commands are sent, as far as is known; if not, they fail at once.
    package var isServing: Bool {
        switch servers {
        case .one(let link): link.isServing
        case .cluster(let cluster): cluster.isServing
        }
    }

    /// Sends `command`; `then` is told the outcome exactly once, on this loop, perhaps before this returns.
    ///
    /// What is sent during one turn of the loop goes out together. Nothing is queued: without a connection a command fails
    /// at once with `unavailable`. `timeout` is that of the options unless given.
    package func send(
        _ command: RedisCommand, timeout: TimeAmount? = nil, then: @escaping RedisReplyHandler
    ) {
        let timeout = timeout ?? self.timeout
        switch servers {
        case .one(let link): link.send(command, timeout: timeout, then: then)
        case .cluster(let cluster): cluster.send(command, timeout: timeout, then: then)
        }
    }

    func close() {
        switch servers {
        case .one(let link): link.close()
        case .cluster(let cluster): cluster.close()
        }
    }
}

@available(*, unavailable)
extension RedisLane: Sendable {}
