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
}
