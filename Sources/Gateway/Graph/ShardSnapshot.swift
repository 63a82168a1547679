package import Telemetry

/// What one shard has counted up to now, copied out for whoever asks.
package struct ShardSnapshot: Sendable {
    /// One backend as this shard sees it.
    package struct BackendFigures: Sendable {
        package var attempts = [Int](repeating: 0, count: AttemptOutcome.allCases.count)
        package var durations = LatencyHistogram()
        package var inFlight = 0
        package var idleConnections = 0

        /// Whether anything was counted.
        var hasCounts: Bool { attempts.contains { $0 != 0 } }

        /// Adds those of the same backend, seen from elsewhere.
        mutating func add(_ other: Self) {
            for index in attempts.indices { attempts[index] += other.attempts[index] }
            durations.merge(other.durations)
            inFlight += other.inFlight
            idleConnections += other.idleConnections
        }
    }

    /// The pools that the figures are about.
    package let pools: [PoolPlan]
    package private(set) var counters: ShardCounters
    /// By pool, then by backend, in the order of `pools`.
    package private(set) var backends: [[BackendFigures]]
    /// What was counted of backends that have left, by their keys.
    private(set) var departed: [UInt64: BackendFigures]

    init(
        pools: [PoolPlan], counters: ShardCounters, backends: [[BackendFigures]],
        departed: [UInt64: BackendFigures] = [:]
    ) {
        self.pools = pools
        self.counters = counters
        self.backends = backends
        self.departed = departed
    }

    /// Adds what another shard has counted, by the names of the pools and the keys of the backends.
    mutating func add(_ other: ShardSnapshot) {
        counters.add(other.counters, of: other.pools.map(\.name), to: pools.map(\.name))
        let places = Dictionary(
            pools.enumerated().flatMap { index, pool in
                pool.backends.enumerated().map { ($1.key, (pool: index, backend: $0)) }
            }, uniquingKeysWith: { first, _ in first })
        for (pool, figures) in zip(other.pools, other.backends) {
            for (backend, figures) in zip(pool.backends, figures) {
                add(figures, of: backend.key, at: places[backend.key])
            }
        }
        for (key, figures) in other.departed { add(figures, of: key, at: places[key]) }
    }

    private mutating func add(_ figures: BackendFigures, of key: UInt64, at place: (pool: Int, backend: Int)?) {
        if let place { return backends[place.pool][place.backend].add(figures) }
        departed[key, default: BackendFigures()].add(figures)
    }

    /// The same figures in the order of `pools`: for a reader who goes by another generation than the shard.
    package func arranged(for pools: [PoolPlan]) -> ShardSnapshot {
        if pools.count == self.pools.count, zip(pools, self.pools).allSatisfy({ $0 === $1 }) { return self }
        var arranged = ShardSnapshot(
            pools: pools, counters: ShardCounters(poolCount: pools.count),
            backends: pools.map { [BackendFigures](repeating: BackendFigures(), count: $0.backends.count) })
        arranged.add(self)
        return arranged
    }
}

extension Shard {
    /// A copy of the counters, for code that runs on the shard's loop.
    package static func copyOut(_: Void, _ shard: isolated Shard) -> ShardSnapshot {
        ShardSnapshot(
            pools: shard.plan.pools, counters: shard.counters,
            backends: zip(shard.pools, shard.isPoolShared).map { pool, isShared in
                pool.backends.map { backend in isShared ? ShardSnapshot.BackendFigures() : backend.figures }
            }, departed: shard.departed)
    }
}
