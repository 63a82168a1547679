import Resilience
import Testing

@testable import Gateway

@Suite struct `the status of a backend` {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)

    private func makeStatus() -> BackendStatus {
        BackendStatus(CircuitBreaker.Configuration(), shardCount: 2, seed: 1, at: start)
    }

    private func permit(_ status: BackendStatus, at time: MonotonicTime, isRepeatable: Bool = false) throws
        -> BackendStatus.Permit
    {
        try #require(try? status.admit(isRepeatable: isRepeatable, at: time).get())
    }

    @Test func `lets calls try a backend that was not checked yet`() {
        let status = makeStatus()
        #expect(status.health == .unknown)
        #expect(status.isWell)
    }

    @Test func `keeps calls from a backend that is down, and lets them go when it is up`() {
        let status = makeStatus()
        status.recordCheck(passed: false, health: .down, at: start)
        #expect((try? status.admit(isRepeatable: true, at: start).get()) == nil)
        status.recordCheck(passed: true, health: .up, at: start)
        #expect((try? status.admit(isRepeatable: true, at: start).get()) != nil)
    }

    @Test func `does what an operator wants, until told otherwise`() throws {
        let status = makeStatus()
        #expect(status.obey(.drain, at: start) && !status.obey(.drain, at: start))
        #expect(status.isDrained && !status.isThere)
        // A session that is open there goes on.
        #expect((try? status.admit(isRepeatable: false, at: start).get()) != nil)
        #expect(status.obey(.resume, at: start) && !status.obey(.resume, at: start) && status.isThere)

        #expect(status.obey(.open, at: start) && !status.obey(.open, at: start))
        #expect(status.breakerWord.phase == .forcedOpen)
        #expect((try? status.admit(isRepeatable: true, at: start + .seconds(3_600)).get()) == nil)

        #expect(status.obey(.close, at: start))
        for _ in 0..<50 { status.record(.failure, permit: try permit(status, at: start), shard: 0, at: start) }
        #expect(status.breakerWord.phase == .disabled && status.isWell)

        #expect(status.obey(.reset, at: start))
        #expect(status.breakerWord.phase == .closed)
        for _ in 0..<5 { status.record(.failure, permit: try permit(status, at: start), shard: 0, at: start) }
        #expect(status.breakerWord.phase == .open, "it decides by itself again")
    }

    @Test func `remembers what went wrong last`() {
        let status = makeStatus()
        #expect(status.lastFailure == nil)
        status.note(BackendFailure(.check, atMilliseconds: 5))
        status.note(BackendFailure(.call(.timeout), atMilliseconds: 7))
        #expect(status.lastFailure == BackendFailure(.call(.timeout), atMilliseconds: 7))
        #expect(AttemptOutcome.allCases.filter { !$0.isFailure } == [.success, .stale, .clientGone, .superseded])
    }

    @Test func `opens for both shards when both see failures`() throws {
        let status = makeStatus()
        for index in 0..<5 {
            status.record(.failure, permit: try permit(status, at: start), shard: index % 2, at: start)
        }
        #expect(status.breakerWord.phase == .open)
        #expect(!status.isWell)
        #expect(status.takeTransitions().map(\.transition.to) == [.open])
        #expect(status.takeTransitions().isEmpty)
        #expect(status.transitionCounts[Int(CircuitBreaker.Phase.open.rawValue)] == 1)
    }

    @Test func `says without being asked for a permit until when it refuses`() throws {
        let status = makeStatus()
        #expect(status.mayAdmit(at: start) && status.refusal(at: start) == nil)
        for _ in 0..<5 { status.record(.failure, permit: try permit(status, at: start), shard: 0, at: start) }
        #expect(!status.mayAdmit(at: start))
        let until = try #require(status.refusal(at: start))
        #expect(until > start && until <= start + .seconds(2))
        #expect(status.mayAdmit(at: until) && status.refusal(at: until) == nil)
        // Half open: it depends on who asks.
        _ = try permit(status, at: until, isRepeatable: true)
        #expect(status.breakerWord.phase == .halfOpen)
        #expect(status.mayAdmit(at: start))
        status.health = .down
        #expect(!status.mayAdmit(at: until) && status.refusal(at: until) == until + .seconds(1))
    }

    @Test func `weighs failures against the successes of every shard`() throws {
        let status = makeStatus()
        for index in 0..<100 {
            status.record(.success, permit: try permit(status, at: start), shard: index % 2, at: start)
            // Every fourth call fails: never five in a row, and well under half.
            if index % 4 == 0 { status.record(.failure, permit: try permit(status, at: start), shard: 0, at: start) }
        }
        #expect(status.breakerWord.phase == .closed)
    }

    @Test func `counts no success from before a transition after it`() throws {
        let status = makeStatus()
        let old = try permit(status, at: start)
        for _ in 0..<5 { status.record(.failure, permit: try permit(status, at: start), shard: 0, at: start) }
        // Closed again through probes.
        let later = start + .seconds(5)
        for _ in 0..<3 {
            let probe = try permit(status, at: later, isRepeatable: true)
            #expect(probe.isProbe)
            status.record(.success, permit: probe, shard: 0, at: later)
        }
        #expect(status.breakerWord.phase == .closed)
        // Four failures, a late success of the old generation, one more failure: five in a row.
        for _ in 0..<4 { status.record(.failure, permit: try permit(status, at: later), shard: 0, at: later) }
        status.record(.success, permit: old, shard: 1, at: later)
        status.record(.failure, permit: try permit(status, at: later), shard: 0, at: later)
        #expect(status.breakerWord.phase == .open)
    }

    @Test func `can be used from many threads at once`() async {
        let status = makeStatus()
        await withTaskGroup(of: Void.self) { group in
            for shard in 0..<2 {
                group.addTask { @concurrent in
                    for step in 0..<10_000 {
                        let time = MonotonicTime(nanoseconds: 1_000_000_000 + Int64(step) * 1_000_000)
                        guard case .success(let permit) = status.admit(isRepeatable: true, at: time) else { continue }
                        status.record(step % 3 == 0 ? .failure : .success, permit: permit, shard: shard, at: time)
                    }
                }
            }
        }
        #expect(status.transitionCounts.reduce(0, +) >= 0)
        // Whatever happened, every permit came back: after a rest the backend serves again.
        let later = MonotonicTime(nanoseconds: 1_000_000_000_000)
        for _ in 0..<6 {
            guard case .success(let permit) = status.admit(isRepeatable: true, at: later) else { continue }
            status.record(.success, permit: permit, shard: 0, at: later)
        }
        #expect(status.isWell)
    }
}
