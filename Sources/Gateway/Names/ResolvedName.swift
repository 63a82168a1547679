package import Resilience
package import Transport

/// One name of backends: which of its addresses are in use, and when it is looked up next.
///
/// The system's resolver does not tell how long an answer is good, so that a name is looked up again after `interval`, a
/// tenth more or less; after a failure after 1 s, 2 s and so on up to `interval`. What was found last stays in use for 10
/// minutes of failures (reliability 10).
///
/// An address that is new is used at once. One that is missing is given up when two answers in a row are without it, so
/// that name servers which tell only some of their addresses at a time do not take backends away that are there. Where an
/// address comes back after it was given up, twice as many answers are waited for from then on, up to eight.
package struct ResolvedName: Sendable {
    /// What came of a lookup.
    package enum Outcome: String, CaseIterable, Sendable {
        /// There are addresses to be used.
        case ok
        /// There was no answer.
        case failed
        /// The name has none but forbidden addresses.
        case refused
    }

    /// What is to be told of a lookup.
    package struct News: Equatable, Sendable {
        package var outcome: Outcome
        /// Addresses that are used from now on.
        package var added: [IPAddress] = []
        /// Addresses that are not used any more.
        package var removed: [IPAddress] = []
        /// Whether there were answers before this failure.
        package var hasBegunToFail = false
        /// Whether there were failures before this answer.
        package var hasRecovered = false
        /// Forbidden addresses that the last answer did not have.
        package var newlyRefused: [IPAddress] = []

        /// Whether the addresses in use are others.
        package var isChange: Bool { !added.isEmpty || !removed.isEmpty }
    }

    /// The most addresses of a name that are used; those in use come first.
    package static let maximumAddressCount = 64
    /// How long the last addresses stay in use while lookups fail.
    package static let keepTime = Duration.seconds(600)
    /// How many answers in a row must be without an address, at first and at most.
    private static let patienceRange = 2...8

    /// The addresses in use, sorted.
    package private(set) var addresses: [IPAddress] = []
    /// The forbidden addresses of the last answer, sorted; at most 64.
    package private(set) var refused: [IPAddress] = []
    /// Why the last lookup failed; nil if it did not.
    package private(set) var failure: NameResolutionError?
    /// When it is to be looked up next.
    package private(set) var nextLookup: MonotonicTime

    private let allowed: [IPRange]
    private var goodAt: MonotonicTime?
    private var failureCount = 0
    /// How many answers in a row were without an address that is in use.
    private var missing: [IPAddress: Int] = [:]
    private var patience = patienceRange.lowerBound
    /// Addresses that were given up; those of the last times only.
    private var givenUp: [IPAddress] = []

    /// A name that is to be looked up at `now`, with these forbidden addresses allowed.
    package init(allowing allowed: [IPRange] = [], at now: MonotonicTime) {
        self.allowed = allowed
        nextLookup = now
    }

    /// Takes the outcome of a lookup; `interval` is how long after an answer the next one is made.
    package mutating func record(
        _ answer: Result<[IPAddress], NameResolutionError>, interval: Duration, at now: MonotonicTime,
        random: inout SeededRandom
    ) -> News {
        switch answer {
        case .failure(let error):
            return fail(.failed, error, interval, now, &random)
        case .success(let found):
            let isForbidden = { [allowed] (address: IPAddress) in
                IPRange.isForbiddenForBackends(address.bytes, unlessIn: allowed)
            }
            let known = Set(refused)
            refused = Array(Set(found.filter(isForbidden)).sorted().prefix(Self.maximumAddressCount))
            let newlyRefused = refused.filter { !known.contains($0) }
            var news: News
            let usable = Set(found.filter { !isForbidden($0) })
            if usable.isEmpty {
                news = fail(found.isEmpty ? .failed : .refused, .notFound, interval, now, &random)
            } else {
                news = use(usable, at: now)
                nextLookup = now + interval * (0.9 + 0.2 * random.nextUnit())
            }
            news.newlyRefused = newlyRefused
            return news
        }
    }

    private mutating func use(_ found: Set<IPAddress>, at now: MonotonicTime) -> News {
        var news = News(outcome: .ok, hasRecovered: failure != nil)
        failure = nil
        failureCount = 0
        goodAt = now
        for address in addresses { missing[address] = found.contains(address) ? nil : (missing[address] ?? 0) + 1 }
        news.removed = addresses.filter { (missing[$0] ?? 0) >= patience }
        var kept = addresses.filter { (missing[$0] ?? 0) < patience }
        for address in news.removed { missing[address] = nil }
        let inUse = Set(kept)
        news.added = Array(found.subtracting(inUse).sorted().prefix(max(Self.maximumAddressCount - kept.count, 0)))
        if news.added.contains(where: givenUp.contains) {
            patience = min(patience * 2, Self.patienceRange.upperBound)
        }
        givenUp = Array((news.removed + givenUp.filter { !news.added.contains($0) }).prefix(Self.maximumAddressCount))
        kept += news.added
        addresses = kept.sorted()
        return news
    }

    private mutating func fail(
        _ outcome: Outcome, _ error: NameResolutionError, _ interval: Duration, _ now: MonotonicTime,
        _ random: inout SeededRandom
    ) -> News {
        var news = News(outcome: outcome, hasBegunToFail: failure == nil)
        failure = error
        let wait = Backoff(base: min(.seconds(1), interval), maximum: interval).limit(afterFailures: failureCount)
        failureCount += 1
        nextLookup = now + wait * (0.5 + 0.5 * random.nextUnit())
        if let goodAt, goodAt + Self.keepTime <= now, !addresses.isEmpty {
            news.removed = addresses
            addresses = []
            missing = [:]
        }
        return news
    }
}
