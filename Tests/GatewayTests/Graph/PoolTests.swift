import Gateway
import NIOCore
import Resilience
import Testing

@Suite struct `a pool in one shard` {
    private let policies = ["round_robin", "least_request", "peak_ewma", "consistent_hash", "random"]

    /// A pool of `count` backends in one of `shardCount` shards, and its time.
    private func pool(_ policy: String, count: Int, shard: Int = 0) throws -> Pool {
        let backends = (0..<count).map { "http://a\($0)" }.joined(separator: ", ")
        let text = "pools: { tools: { backends: [\(backends)], balance: \(policy) } }"
        let plan = GatewayPlan(
            try ConfigurationSupport.load(text).configuration, shardCount: 4, seed: 1, now: .zero)
        return Pool(plan.pools[0], shard: shard, callers: plan.callers, seed: 9)
    }

    private let now = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func index(of pick: Pool.Pick) -> Int? {
        guard case .backend(let backend, _) = pick else { return nil }
        return backend.index
    }

    /// Makes the breaker of `backend` open.
    private func open(_ backend: Backend) {
        for _ in 0..<3 {
            guard case .success(let permit) = backend.plan.status.admit(isRepeatable: false, at: MonotonicTime(now))
            else { return }
            backend.plan.status.record(.connectFailure, permit: permit, shard: 0, at: MonotonicTime(now))
        }
    }

    @Test(arguments: [3, 64, 70, 200])
    func `finds the only backend that is left, whatever the policy and the size`(count: Int) throws {
        for policy in policies {
            for left in [0, count - 1, count / 2] {
                let pool = try pool(policy, count: count)
                for backend in pool.backends where backend.index != left {
                    // Some are down, some refuse permits, and some have asked to be left alone.
                    switch backend.index % 3 {
                    case 0: backend.plan.status.health = .down
                    case 1: open(backend)
                    default: backend.passOver(forSeconds: 5, at: now)
                    }
                }
                for _ in 0..<10 { #expect(index(of: pool.pick(for: Call(), at: now)) == left, "\(policy)") }
            }
        }
    }

    @Test(arguments: [3, 70])
    func `asks nobody twice in a row for one call`(count: Int) throws {
        for policy in policies {
            let pool = try pool(policy, count: count)
            for _ in 0..<50 {
                let call = Call()
                guard case .backend(let first, _) = pool.pick(for: call, at: now) else {
                    Issue.record("nobody was picked")
                    return
                }
                call.backend = first
                call.attemptCount = 1
                if first.index < 64 { call.triedBackends = 1 << UInt64(first.index) }
                let second = index(of: pool.pick(for: call, at: now))
                #expect(second != nil && second != first.index, "\(policy)")
            }
        }
    }

    @Test func `says when to ask again when there is nobody`() throws {
        for policy in policies {
            let pool = try pool(policy, count: 3)
            for backend in pool.backends { backend.plan.status.health = .down }
            guard case .none(let retryAt) = pool.pick(for: Call(), at: now) else {
                Issue.record("a backend was picked that is down")
                return
            }
            #expect(retryAt == MonotonicTime(now) + .seconds(1), "\(policy)")
        }
    }

    @Test func `turns begin elsewhere in each shard, and hashes lead to the same place in all of them`() throws {
        let turns = try (0..<3).map {
            index(of: try pool("round_robin", count: 3, shard: $0).pick(for: Call(), at: now))
        }
        #expect(Set(turns).count == 3)
        let text = "pools: { tools: { backends: [http://a, http://b, http://c], balance: consistent_hash } }"
        let plan = GatewayPlan(try ConfigurationSupport.load(text).configuration, shardCount: 4, seed: 1, now: .zero)
        var homes: Set<Int> = []
        for number in 0..<20 as Range<UInt8> {
            let picks = (0..<4).map { shard in
                let pool = Pool(plan.pools[0], shard: shard, callers: plan.callers, seed: UInt64(shard))
                let call = Call()
                call.address = plan.callers.address([10, 0, 0, number])
                return index(of: pool.pick(for: call, at: now))
            }
            #expect(Set(picks).count == 1)
            if let home = picks[0] { homes.insert(home) }
        }
        #expect(homes.count == 3)
    }
}
