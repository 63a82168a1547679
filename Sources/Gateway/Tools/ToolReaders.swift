package import Logging
package import NIOCore
package import Transport

/// The readers of all backends whose annotations are trusted. Belongs to its loop.
package final class ToolReaders {
    private let readers: [ToolReader]
    private let eventLoop: any EventLoop

    /// Readers for those of `pools` that have `trust_annotations`. Nothing is done before `start`.
    package init(
        of pools: [PoolPlan], network: any Network, on eventLoop: any EventLoop, logger: Logger
    ) {
        self.eventLoop = eventLoop
        readers = pools.flatMap { pool in
            pool.toolTraits.map { board in
                pool.backends.indices.map {
                    ToolReader(of: $0, in: pool, for: board, network: network, on: eventLoop, logger: logger)
                }
            } ?? []
        }
    }

    /// Begins to read. On the loop.
    package func start() {
        for reader in readers { reader.start() }
    }

    /// Ends all; the future succeeds when the backends have been told, or a second later. On the loop.
    package func stop() -> EventLoopFuture<Void> {
        let told = readers.map { reader in
            let promise = eventLoop.makePromise(of: Void.self)
            let limit = eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { promise.succeed() }
            reader.stop {
                limit.cancel()
                promise.succeed()
            }
            return promise.futureResult
        }
        return EventLoopFuture.andAllComplete(told, on: eventLoop)
    }

    /// Makes and starts the readers of `pools` on `eventLoop`. From anywhere.
    static func start(
        of pools: [PoolPlan], network: any Network, on eventLoop: any EventLoop, logger: Logger
    ) async throws -> NIOLoopBound<ToolReaders> {
        try await eventLoop.submit {
            let readers = ToolReaders(of: pools, network: network, on: eventLoop, logger: logger)
            readers.start()
            return NIOLoopBound(readers, eventLoop: eventLoop)
        }.get()
    }
}

@available(*, unavailable)
extension ToolReaders: Sendable {}

extension NIOLoopBound<ToolReaders> {
    /// Ends the readers. From anywhere.
    func stop() async {
        let bound = self
        try? await eventLoop.flatSubmit { bound.value.stop() }.get()
    }
}
