import Resilience
import Testing
import Transport

@testable import Gateway

/// The addresses of one name, on a clock that is moved by hand.
@Suite struct `The addresses of a name` {
    /// A name with its clock and its chance.
    private struct Stand {
        var name = ResolvedName(at: .zero)
        var now = MonotonicTime.zero
        var random = SeededRandom(seed: 7)
        var interval = Duration.seconds(10)

        /// Answers with these addresses when the name is to be looked up next.
        @discardableResult
        mutating func answer(_ texts: String...) -> ResolvedName.News { answer(texts) }

        @discardableResult
        mutating func answer(_ texts: [String]) -> ResolvedName.News { record(.success(texts.map(address))) }

        @discardableResult
        mutating func fail(_ error: NameResolutionError = .unavailable) -> ResolvedName.News { record(.failure(error)) }

        private mutating func record(_ answer: Result<[IPAddress], NameResolutionError>) -> ResolvedName.News {
            now = name.nextLookup
            return name.record(answer, interval: interval, at: now, random: &random)
        }

        var addresses: [String] { name.addresses.map(\.text) }
    }

    private static func address(_ text: String) -> IPAddress {
        guard let address = IPAddress(text) else { preconditionFailure("\(text) is no address") }
        return address
    }

    @Test func `are those of the answer, sorted, each once`() {
        var stand = Stand()
        #expect(stand.name.nextLookup == .zero)
        let news = stand.answer("10.0.0.10", "::1", "10.0.0.9", "10.0.0.10", "0:0::1")
        #expect(stand.addresses == ["10.0.0.9", "10.0.0.10", "::1"])
        #expect(news == ResolvedName.News(outcome: .ok, added: stand.name.addresses))
        let same = stand.answer("10.0.0.9", "10.0.0.10", "::1")
        #expect(same == ResolvedName.News(outcome: .ok) && !same.isChange)
    }

    @Test func `are used at once when they are new, and left when two answers in a row are without them`() {
        var stand = Stand()
        stand.answer("10.0.0.1", "10.0.0.2")
        #expect(stand.answer("10.0.0.1", "10.0.0.3") == .init(outcome: .ok, added: [Self.address("10.0.0.3")]))
        #expect(stand.addresses == ["10.0.0.1", "10.0.0.2", "10.0.0.3"])
        #expect(stand.answer("10.0.0.1", "10.0.0.3") == .init(outcome: .ok, removed: [Self.address("10.0.0.2")]))
        #expect(stand.addresses == ["10.0.0.1", "10.0.0.3"])
    }

    @Test func `stay when an answer in between has them`() {
        var stand = Stand()
        stand.answer("10.0.0.1", "10.0.0.2")
        for _ in 0..<5 {
            #expect(!stand.answer("10.0.0.1").isChange)
            #expect(!stand.answer("10.0.0.1", "10.0.0.2").isChange)
        }
        // A failure says nothing of who is there, neither for nor against.
        #expect(!stand.answer("10.0.0.1").isChange)
        #expect(!stand.fail().isChange)
        #expect(stand.answer("10.0.0.1").removed == [Self.address("10.0.0.2")])
    }

    @Test func `settle when a server tells one of four at a time`() {
        var stand = Stand()
        var changes = 0
        for round in 0..<40 {
            let news = stand.answer("10.0.0.\(1 + round % 4)")
            if news.isChange { changes += 1 }
            if round >= 12 { #expect(!news.isChange, "answer \(round)") }
        }
        #expect(stand.addresses.count == 4)
        #expect(changes <= 12)
    }

    @Test func `are kept for ten minutes of failures, and come back with the next answer`() {
        var stand = Stand()
        stand.answer("10.0.0.1")
        let good = stand.now
        let first = stand.fail()
        #expect(first == .init(outcome: .failed, hasBegunToFail: true))
        #expect(stand.name.failure == .unavailable)
        var last = first
        while stand.addresses == ["10.0.0.1"], stand.now < good + .seconds(700) {
            last = stand.fail()
            #expect(!last.hasBegunToFail, "that is told once")
        }
        #expect(stand.addresses == [] && last.removed == [Self.address("10.0.0.1")])
        #expect(stand.now >= good + .seconds(600) && stand.now <= good + .seconds(611))
        let back = stand.answer("10.0.0.1")
        #expect(back.hasRecovered && back.added == [Self.address("10.0.0.1")])
        #expect(stand.name.failure == nil)
    }

    @Test func `are asked for about every interval, and sooner at first after failures`() {
        var stand = Stand()
        var waits: [Duration] = []
        for _ in 0..<200 {
            stand.answer("10.0.0.1")
            waits.append(stand.name.nextLookup - stand.now)
        }
        #expect(waits.allSatisfy { $0 >= .seconds(9) && $0 <= .seconds(11) })
        #expect(Set(waits).count > 100, "they are spread")
        for most in [1, 2, 4, 8, 10, 10] {
            stand.fail()
            let wait = stand.name.nextLookup - stand.now
            #expect(wait >= .seconds(most) / 2 && wait <= .seconds(most))
        }
    }

    @Test func `are never those that backends must not have`() {
        var stand = Stand()
        let news = stand.answer(
            "169.254.169.254", "10.0.0.1", "::ffff:169.254.1.1", "fe80::1", "fd00:ec2::254", "0.0.0.0")
        #expect(stand.addresses == ["10.0.0.1"] && news.outcome == .ok && news.newlyRefused.count == 5)
        #expect(stand.answer("169.254.169.254", "10.0.0.1").newlyRefused == [], "that is told once")
        // A name that is rebound to them goes on with what it had.
        let rebound = stand.answer("169.254.169.254")
        #expect(rebound.outcome == .refused && rebound.hasBegunToFail && stand.addresses == ["10.0.0.1"])
        var fresh = Stand()
        #expect(fresh.answer("169.254.169.254", "::").outcome == .refused)
        #expect(fresh.addresses == [])
    }

    @Test func `are those that the pool allows, and no others of their kind`() throws {
        var stand = Stand()
        stand.name = ResolvedName(allowing: [try #require(IPRange("169.254.10.0/24"))], at: .zero)
        stand.answer("169.254.10.7", "169.254.11.7", "::ffff:169.254.10.8")
        #expect(stand.addresses == ["169.254.10.7", "::ffff:169.254.10.8"])
        #expect(stand.name.refused.map(\.text) == ["169.254.11.7"])
    }

    @Test func `are 64 at most, and those in use are not moved out by new ones`() {
        var stand = Stand()
        let many = (1...200).map { "10.0.1.\($0)" }
        #expect(stand.answer(many).added.count == 64)
        let used = stand.addresses
        #expect(!stand.answer(many + ["10.0.0.1"]).isChange)
        #expect(stand.addresses == used)
    }

    /// Whatever is answered, what is in use is sorted, allowed, not too much, and each news leads from one state to the next.
    @Test(arguments: 1...200) func `hold together in any order of events`(seed: UInt64) {
        var chance = SeededRandom(seed: seed)
        var stand = Stand()
        var known: Set<IPAddress> = []
        for _ in 0..<300 {
            let news: ResolvedName.News
            if chance.next(below: 4) == 0 {
                news = stand.fail()
            } else {
                let texts = (0..<chance.next(below: 6)).map { _ in
                    chance.next(below: 8) == 0
                        ? "169.254.0.\(chance.next(below: 3))" : "10.0.0.\(chance.next(below: 9))"
                }
                news = stand.answer(texts)
                for text in texts where text.hasPrefix("10.") { #expect(stand.addresses.contains(text)) }
            }
            known.formUnion(news.added)
            known.subtract(news.removed)
            #expect(known == Set(stand.name.addresses) && known.count == stand.name.addresses.count)
            #expect(stand.name.addresses == stand.name.addresses.sorted())
            #expect(stand.addresses.allSatisfy { $0.hasPrefix("10.") })
            #expect(stand.name.nextLookup > stand.now)
            #expect((news.outcome == .ok) == (stand.name.failure == nil))
        }
    }
}
