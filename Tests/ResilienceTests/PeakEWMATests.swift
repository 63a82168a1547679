import Resilience
import Testing

@Suite struct `Peak EWMA` {
    /// Calls to entries of these times in milliseconds, one each 10 ms; returns how often each was picked.
    private func offer(
        _ count: Int, _ milliseconds: [Int64], to policy: inout PeakEWMA, from start: MonotonicTime = .zero,
        seed: UInt64 = 1
    ) -> [Int] {
        var random = SeededRandom(seed: seed)
        var counts = [Int](repeating: 0, count: milliseconds.count)
        var running: [(end: MonotonicTime, index: Int)] = []
        for number in 0..<count {
            let now = start + .milliseconds(10 * number)
            for call in running where call.end <= now {
                policy.record(nanoseconds: milliseconds[call.index] * 1_000_000, of: call.index, at: call.end)
            }
            running.removeAll { $0.end <= now }
            let pick = policy.pick(
                at: now, random: &random, where: { _ in true },
                inFlight: { index in running.count { $0.index == index } })
            guard let pick else { continue }
            counts[pick] += 1
            running.append((end: now + .milliseconds(milliseconds[pick]), index: pick))
        }
        return counts
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func `prefers the faster of two`(seed: UInt64) {
        var policy = PeakEWMA([BalancedEntry(), BalancedEntry()])
        let near = offer(1_000, [5, 8], to: &policy, seed: seed)
        #expect(near[0] > 900, "\(near)")
        policy = PeakEWMA([BalancedEntry(), BalancedEntry()])
        let far = offer(1_000, [400, 2], to: &policy, seed: seed)
        #expect(far[0] <= 3, "\(far)")
    }

    @Test func `shifts away from one that has become slow, and back`() {
        var policy = PeakEWMA([BalancedEntry](repeating: BalancedEntry(), count: 3))
        let even = offer(1_500, [2, 2, 2], to: &policy)
        for count in even { #expect((400...600).contains(count), "\(even)") }
        let slow = offer(300, [2, 402, 2], to: &policy, from: .seconds(15))
        // As many as are on their way until the first of them is back.
        #expect(slow[1] <= 4, "\(slow)")
        // It fades: 10 s × ln (402 / 2 × 0.8) = 51 s.
        let later = offer(9_000, [2, 2, 2], to: &policy, from: .seconds(18))
        #expect(later[1] > 0 && later[1] < 2_000, "\(later)")
        let end = offer(3_000, [2, 2, 2], to: &policy, from: .seconds(108))
        for count in end { #expect((800...1_200).contains(count), "\(end)") }
    }

    @Test func `is not attracted by fast failures`() {
        var policy = PeakEWMA([BalancedEntry](repeating: BalancedEntry(), count: 2))
        var random = SeededRandom(seed: 5)
        var failures = 0
        for number in 0..<2_000 {
            let now = MonotonicTime.milliseconds(Int64(number) * 10)
            guard let pick = policy.pick(at: now, random: &random, where: { _ in true }, inFlight: { _ in 0 }) else {
                continue
            }
            // The first one fails within a microsecond and counts as slow as a call may be; the other one takes 50 ms.
            policy.record(nanoseconds: pick == 0 ? 60_000_000_000 : 50_000_000, of: pick, at: now)
            if pick == 0 { failures += 1 }
        }
        #expect(failures == 1)
    }

    @Test func `weighs what each has to do by how fast it is`() {
        var policy = PeakEWMA([BalancedEntry(), BalancedEntry()])
        policy.record(nanoseconds: 10_000_000, of: 0, at: .zero)
        policy.record(nanoseconds: 30_000_000, of: 1, at: .zero)
        var random = SeededRandom(seed: 1)
        for _ in 0..<100 {
            // 2 × 10 ms before 30 ms; 6 × 10 ms after 2 × 30 ms.
            let busy = policy.pick(at: .zero, random: &random, where: { _ in true }, inFlight: { [1, 0][$0] })
            #expect(busy == 0)
            let full = policy.pick(at: .zero, random: &random, where: { _ in true }, inFlight: { [6, 1][$0] })
            #expect(full == 1)
        }
    }

    @Test func `asks one of which nothing is known once, until it knows`() {
        var policy = PeakEWMA([BalancedEntry(), BalancedEntry()])
        policy.record(nanoseconds: 1_000_000, of: 0, at: .zero)
        var random = SeededRandom(seed: 1)
        for _ in 0..<100 {
            #expect(policy.pick(at: .zero, random: &random, where: { _ in true }, inFlight: { [0, 0][$0] }) == 1)
            #expect(policy.pick(at: .zero, random: &random, where: { _ in true }, inFlight: { [0, 1][$0] }) == 0)
        }
        policy.forget(0)
        #expect(policy.estimate(of: 0, at: .zero) == nil)
    }

    @Test func `an estimate jumps up, comes down slowly and fades`() {
        var estimate = LatencyEstimate()
        let decay = 10e9
        #expect(estimate.nanoseconds(at: .zero, decay: decay) == nil)
        estimate.record(nanoseconds: 1_000, at: .zero, decay: decay)
        estimate.record(nanoseconds: 9_000, at: .zero, decay: decay)
        #expect(estimate.nanoseconds(at: .zero, decay: decay) == 9_000)
        // Ten seconds later a third of it is left, or so.
        let faded = estimate.nanoseconds(at: .seconds(10), decay: decay) ?? 0
        #expect(abs(faded / 9_000 - 0.3679) < 0.012)
        estimate.record(nanoseconds: 1_000, at: .seconds(10), decay: decay)
        let mixed = estimate.nanoseconds(at: .seconds(10), decay: decay) ?? 0
        #expect(abs(mixed - (faded + (1 - faded / 9_000) * 1_000)) < 1)
        // What comes late counts as of the latest, and does not trap.
        estimate.record(nanoseconds: .max, at: .zero, decay: decay)
        #expect(estimate.nanoseconds(at: .seconds(10), decay: decay) == Double(Int64.max))
        estimate.record(nanoseconds: .min, at: .distantFuture, decay: decay)
        #expect((estimate.nanoseconds(at: .distantFuture, decay: decay) ?? -1) >= 0)
    }

    @Test func `a call that nobody waited for says only that it was slow`() {
        var policy = PeakEWMA([BalancedEntry()])
        policy.record(nanoseconds: 5_000_000, of: 0, at: .zero)
        policy.recordAtLeast(nanoseconds: 1_000, of: 0, at: .zero)
        #expect(policy.estimate(of: 0, at: .zero) == .milliseconds(5))
        policy.recordAtLeast(nanoseconds: 2_000_000_000, of: 0, at: .zero)
        #expect(policy.estimate(of: 0, at: .zero) == .seconds(2))
        policy.record(nanoseconds: 1, of: 7, at: .zero)
        policy.forget(7)
        #expect(policy.estimate(of: 7, at: .zero) == nil)
    }
}
