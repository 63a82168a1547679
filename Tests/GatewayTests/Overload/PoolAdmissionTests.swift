import Resilience
import Testing

@testable import Gateway

@Suite struct `Pool admission` {
    private func enter(_ identities: [UInt64?], in admission: PoolAdmission) -> [Place] {
        identities.map { identity in
            var place = Place()
            #expect(admission.enter(&place, identity: identity) == .entered)
            return place
        }
    }

    @Test func `nobody who has no call in flight has a share already`() {
        let admission = PoolAdmission(PoolLimitSettings(), backendCount: 3)
        #expect(!admission.hasShare(identity: 1) && !admission.hasShare(identity: nil))
        var places = enter([1, 1, 1], in: admission)
        #expect(admission.hasShare(identity: 1))
        #expect(!admission.hasShare(identity: 2) && !admission.hasShare(identity: nil))
        for index in places.indices { admission.leave(&places[index], at: .zero) }
        #expect(!admission.hasShare(identity: 1))
    }

    @Test func `those have a share who have as many calls as there are for each, or more`() {
        let admission = PoolAdmission(PoolLimitSettings(), backendCount: 3)
        _ = enter([1, 1, 1, 1, 2, 2, 3, nil], in: admission)
        // Eight calls of four: two are for each.
        #expect(admission.hasShare(identity: 1) && admission.hasShare(identity: 2))
        #expect(!admission.hasShare(identity: 3) && !admission.hasShare(identity: nil))
    }

    @Test func `all who have no name have one share together, and everybody where names do not count`() {
        let named = PoolAdmission(PoolLimitSettings(), backendCount: 3)
        _ = enter([nil, nil, nil, 1], in: named)
        #expect(named.hasShare(identity: nil) && !named.hasShare(identity: 1))
        let nameless = PoolAdmission(PoolLimitSettings(perIdentity: 0), backendCount: 3)
        _ = enter([1], in: nameless)
        #expect(nameless.hasShare(identity: nil))
    }

    // MARK: Generations

    /// Makes the limit smaller: calls take three times as long as they did. Returns when it was found out.
    private func slow(_ admission: PoolAdmission) -> MonotonicTime {
        var now = MonotonicTime.seconds(1)
        for window in 0..<30 {
            admission.note(100, ratio: window < 10 ? 1 : 3, mostInFlight: window < 10 ? 0 : 100_000, at: now)
            now = now + .milliseconds(100)
        }
        return now
    }

    @Test func `a limit that was found out goes on, for as many backends as there are`() {
        let settings = PoolLimitSettings(perBackend: 100)
        let first = PoolAdmission(settings, backendCount: 2)
        let now = slow(first)
        #expect(first.limit < 150)
        let same = PoolAdmission(settings, backendCount: 2, after: first)
        let twice = PoolAdmission(settings, backendCount: 4, after: same)
        #expect(same.limit == first.limit && abs(twice.limit - 2 * first.limit) <= 1)
        // Until nobody has called for a while.
        twice.forgetIfIdle(at: now + .seconds(1))
        #expect(abs(twice.limit - 2 * first.limit) <= 1)
        twice.forgetIfIdle(at: now + .seconds(11))
        #expect(twice.limit == 400)
    }

    @Test func `without anything found out, or with other settings, the limit begins anew`() {
        let first = PoolAdmission(PoolLimitSettings(perBackend: 1_500), backendCount: 4)
        #expect(first.limit == 2_000)
        #expect(PoolAdmission(PoolLimitSettings(perBackend: 1_500), backendCount: 1, after: first).limit == 1_500)
        let learned = PoolAdmission(PoolLimitSettings(), backendCount: 2)
        _ = slow(learned)
        #expect(PoolAdmission(PoolLimitSettings(perBackend: 100), backendCount: 2, after: learned).limit == 200)
        let fixed = PoolLimitSettings(maximumConcurrency: .fixed(7))
        #expect(PoolAdmission(fixed, backendCount: 2, after: learned).limit == 7)
        #expect(PoolAdmission(fixed, backendCount: 9, after: PoolAdmission(fixed, backendCount: 2)).limit == 7)
    }

    @Test func `how long calls have waited is counted on`() {
        let first = PoolAdmission(PoolLimitSettings(), backendCount: 1)
        first.noteWait(since: .zero, at: .milliseconds(3))
        #expect(PoolAdmission(PoolLimitSettings(queue: 1), backendCount: 2, after: first).waits.count == 1)
    }
}
