import NIOCore
import Resilience
import Transport
import Wire

/// One shard follows another on the same loop: the pools that have not changed go over to it as they are, with their
/// connections, times and counts; of the others only the counts do.
extension Shard {
    /// What a shard leaves to the one that follows it.
    package struct Handover {
        var pools: [Pool]
        var counters: ShardCounters
        var names: [String]
        var departed: [UInt64: ShardSnapshot.BackendFigures]
        var isDraining: Bool
        /// Connections that nobody will use, to be closed.
        var closing: [BackendConnection]
    }

    /// Backends that have left of which a shard remembers what it has counted.
    static let maximumDeparted = 1_024

    /// Takes no more calls than it has: all else goes to a shard of `plan`.
    static func retire(for plan: GatewayPlan, _ shard: isolated Shard) -> Handover {
        var closing = shard.discarded
        shard.discarded = []
        let kept = Set(plan.pools.map { ObjectIdentifier($0) })
        for (index, pool) in shard.pools.enumerated() {
            shard.isPoolShared[index] = kept.contains(ObjectIdentifier(pool.plan))
            if !shard.isPoolShared[index] { closing += pool.backends.flatMap { $0.takeIdle() } }
        }
        shard.isRetired = true
        defer {
            // What ends here later is counted from nothing: the calls under way were counted when they began.
            shard.counters = ShardCounters(poolCount: shard.pools.count)
            shard.departed = [:]
        }
        return Handover(
            pools: shard.pools, counters: shard.counters, names: shard.plan.pools.map(\.name),
            departed: shard.departed, isDraining: shard.isDraining, closing: closing)
    }

    /// Follows the shard that has left this.
    static func succeed(_ handover: Handover, _ shard: isolated Shard) {
        shard.isDraining = handover.isDraining
        shard.counters.add(handover.counters, of: handover.names, to: shard.plan.pools.map(\.name))
        shard.departed = handover.departed
        let positions = Dictionary(
            shard.plan.pools.enumerated().map { (ObjectIdentifier($1), $0) }, uniquingKeysWith: { first, _ in first })
        var left: [Pool] = []
        for old in handover.pools {
            if let index = positions[ObjectIdentifier(old.plan)] { shard.pools[index] = old } else { left.append(old) }
        }
        let backends = shard.backendsByKey
        for backend in left.joinedBackends { shard.take(backend.takeFigures(), of: backend.plan.key, backends) }
        for pool in shard.pools {
            for backend in pool.backends {
                if let figures = shard.departed.removeValue(forKey: backend.plan.key) { backend.add(figures) }
            }
        }
    }

    /// Adds what a retired shard has counted since, which has no more calls.
    static func absorb(_ snapshot: ShardSnapshot, _ shard: isolated Shard) {
        shard.counters.add(
            snapshot.counters, of: snapshot.pools.map(\.name), to: shard.plan.pools.map(\.name))
        let backends = shard.backendsByKey
        for (pool, figures) in zip(snapshot.pools, snapshot.backends) {
            for (backend, figures) in zip(pool.backends, figures) { shard.take(figures, of: backend.key, backends) }
        }
        for (key, figures) in snapshot.departed { shard.take(figures, of: key, backends) }
    }

    /// Leaves the pools that it has counted for, once that has been absorbed.
    static func leavePools(_: Void, _ shard: isolated Shard) -> [Pool] {
        let pools = zip(shard.pools, shard.isPoolShared).filter { !$0.1 }.map { $0.0 }
        for backend in pools.joinedBackends { _ = backend.takeFigures() }
        return pools
    }

    /// Counts again for those of `pools` that it had before, since calls of it may still be there; returns the others.
    static func takeBack(_ pools: [Pool], _ shard: isolated Shard) -> [Pool] {
        pools.filter { pool in
            guard let index = shard.pools.firstIndex(where: { $0 === pool }) else { return true }
            shard.isPoolShared[index] = false
            return false
        }
    }

    private var backendsByKey: [UInt64: Backend] {
        Dictionary(pools.joinedBackends.map { ($0.plan.key, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Counts for the backend with this key, or remembers it for when the backend comes back.
    private func take(_ figures: ShardSnapshot.BackendFigures, of key: UInt64, _ backends: [UInt64: Backend]) {
        guard figures.hasCounts else { return }
        if let backend = backends[key] { return backend.add(figures) }
        guard departed[key] != nil || departed.count < Shard.maximumDeparted else { return }
        departed[key, default: ShardSnapshot.BackendFigures()].add(figures)
    }
}

extension [Pool] {
    fileprivate var joinedBackends: [Backend] { flatMap(\.backends) }
}
