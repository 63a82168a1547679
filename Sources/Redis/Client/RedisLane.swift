package import NIOCore
import Wire

/// What one event loop has of a Redis: commands are sent from the loop's own code, and replies come there.
///
/// Belongs to its loop; not `Sendable`.
package final class RedisLane {
    private let link: RedisLink
    private let timeout: TimeAmount

    init(_ eventLoop: any EventLoop, options: RedisOptions, status: RedisStatus, seed: UInt64) {
        timeout = options.timeout
        link = RedisLink(options.url.address, on: eventLoop, options: options, status: status, seed: seed)
        link.start()
    }

    /// Whether commands are sent, as far as is known; if not, they fail at once.
    package var isServing: Bool { link.isServing }

    /// Sends `command`; `then` is told the outcome exactly once, on this loop, perhaps before this returns.
    ///
    /// What is sent during one turn of the loop goes out together. Nothing is queued: without a connection a command fails
    /// at once with `unavailable`. `timeout` is that of the options unless given.
    package func send(
        _ command: RedisCommand, timeout: TimeAmount? = nil, then: @escaping RedisReplyHandler
    ) {
        link.send(command, timeout: timeout ?? self.timeout, then: then)
    }

    func close() {
        link.close()
    }
}

@available(*, unavailable)
extension RedisLane: Sendable {}
