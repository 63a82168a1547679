package import Telemetry

/// What one shard has counted up to now, copied out for whoever asks.
package struct ShardSnapshot: Sendable {
    /// One backend as this shard sees it.
    package struct BackendFigures: Sendable {
        package var attempts: [Int]
        package var durations: LatencyHistogram
        package var inFlight: Int
        package var idleConnections: Int
    }

    package var counters: ShardCounters
    /// By pool, then by backend, in the order of the file.
    package var backends: [[BackendFigures]]
}

extension Shard {
    /// A copy of the counters. Costs the loop a few microseconds.
    package func snapshot() -> ShardSnapshot {
        Shard.copyOut((), self)
    }

    /// The same, for code that runs on the shard's loop.
    package static func copyOut(_: Void, _ shard: isolated Shard) -> ShardSnapshot {
        ShardSnapshot(
            counters: shard.counters,
            backends: shard.pools.map { pool in
                pool.backends.map {
                    ShardSnapshot.BackendFigures(
                        attempts: $0.attempts, durations: $0.durations, inFlight: $0.inFlight,
                        idleConnections: $0.idleCount)
                }
            })
    }
}
