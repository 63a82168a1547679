package import Resilience
import Wire

/// What one gateway knows of the generations that all gateways count in Redis, and what it has still to raise there.
///
/// Each pool has a hash with a number for each topic (`GenerationField`), 0 if it is missing, which a change raises by a
/// random step, and a random `base`, made with the hash. A number that is not what was known makes its topic void here. The generation of a
/// topic, for the names of answers in Redis, follows from the base, its own number and the one for everything.
///
/// What must never happen is that an answer from before a change is found under the generation from after it:
///
/// - *A change while an answer is fetched.* Its name was made with the generation from before the fetch, so nobody who knows
///   of the change finds it. The gateway that has heard of the change uses no generation (`nil`) until it is raised.
/// - *Two gateways raise at once.* Redis adds one after the other. A gateway that finds its number other than it
///   knew it when it raised it has missed another's change, and makes the topic void once more.
/// - *A raise whose reply is lost* is made again. One too many costs fetches only.
/// - *A change while Redis is away* waits here, at most one for each field, and is raised when it is back. Until then other
///   gateways may find what is older.
/// - *Failover to a replica that lags behind, or a restart from an older snapshot.* The number is lower than what was
///   known: answers with the names of old are good again that must not be. Everybody who knew more makes the topic void, and
///   has the number raised above what they knew (`exceed`), once for all of them.
/// - *Failover, and then another's change.* Numbers are raised by random steps, so that they do not come on another way to
///   where they were (but once in a million such cases). A number that is higher than what was known, or lower, is news.
/// - *Flush, eviction, expiry.* The hash is made again with another base, and so no name from before comes back, even if
///   answers have survived. Everything is void.
/// - *Redis away.* A generation is known for a second from the moment at which the last reply that confirms it was asked
///   for; then it is `nil`.
///
/// Nothing here waits; whoever shares a ledger between threads locks it. The ledger is told before the cache is, and asked
/// after the cache: see `AnswerCache.generation`.
package struct GenerationLedger: Sendable {
    /// How long a generation is believed without a confirmation.
    static let confirmationSpan = Duration.seconds(1)

    /// The longest step by which a number is raised: with 2^52 for the highest, there is room for billions of them.
    static let longestStep = 1 << 20

    /// The state of one pool as it stands in Redis, or a part of it.
    package struct Reading: Hashable, Sendable {
        /// The base of the numbers.
        package var base: UInt64
        /// The numbers that are there.
        package var numbers: [GenerationField: UInt64]

        package init(base: UInt64, numbers: [GenerationField: UInt64]) {
            self.base = base
            self.numbers = numbers
        }
    }

    /// One number that is to be raised.
    package struct Raise: Hashable, Sendable {
        /// Whose number.
        package var field: GenerationField
        /// It is to be higher than this.
        package var above: UInt64
        /// Whether it is to be raised although it is higher already: something has changed.
        package var isChange: Bool

        package init(field: GenerationField, above: UInt64, isChange: Bool) {
            self.field = field
            self.above = above
            self.isChange = isChange
        }
    }

    /// What a raise has come to in Redis.
    package struct Raised: Hashable, Sendable {
        /// The base of the numbers.
        package var base: UInt64
        /// The numbers as they were, and as they are.
        package var numbers: [GenerationField: Step]

        /// A number before a raise and after it.
        package struct Step: Hashable, Sendable {
            package var before: UInt64
            package var after: UInt64

            package init(from before: UInt64, to after: UInt64) {
                self.before = before
                self.after = after
            }
        }

        package init(base: UInt64, numbers: [GenerationField: Step]) {
            self.base = base
            self.numbers = numbers
        }
    }

    /// What is void because of what Redis says.
    package enum Voided: Hashable, Sendable {
        /// These topics; none of them if nothing is.
        case topics([CacheTopic])
        /// All of the pool.
        case everything
    }

    private struct Pool {
        var base: UInt64?
        var numbers: [GenerationField: UInt64] = [:]
        /// What has changed and is to be raised.
        var changes: Set<GenerationField> = []
        /// What is lower than it was.
        var fallen: Set<GenerationField> = []
        /// What is being raised.
        var rising: [Raise] = []

        func isOpen(_ field: GenerationField) -> Bool {
            changes.contains(field) || fallen.contains(field) || rising.contains { $0.field == field }
        }
    }

    private var pools: [Pool]
    private var confirmedAt: MonotonicTime?

    /// Nothing is known of `poolCount` pools.
    package init(poolCount: Int) {
        pools = [Pool](repeating: Pool(), count: poolCount)
    }

    // MARK: Asking

    /// The generation of `topic`; equal as long as nothing that it depends on has changed. `nil` while it is not known.
    package func generation(of topic: CacheTopic, pool: Int, at now: MonotonicTime) -> UInt64? {
        guard pools.indices.contains(pool), let confirmedAt, now - confirmedAt <= GenerationLedger.confirmationSpan
        else { return nil }
        let pool = pools[pool]
        let field = GenerationField(topic)
        guard let base = pool.base, !pool.isOpen(field), !pool.isOpen(.everything) else { return nil }
        return GenerationLedger.mix(base, pool.numbers[.everything] ?? 0, pool.numbers[field] ?? 0)
    }

    private static func mix(_ words: UInt64...) -> UInt64 {
        words.withUnsafeBytes { SipHash.hash(ByteView($0), key: (0x67, 0x65)) }
    }

    /// Whether the generations of all pools are known, and nothing waits for Redis.
    package func isSettled(at now: MonotonicTime) -> Bool {
        guard let confirmedAt, now - confirmedAt <= GenerationLedger.confirmationSpan else { return false }
        return openCount == 0 && pools.allSatisfy { $0.base != nil }
    }

    /// Changes that wait for Redis.
    package var openCount: Int { pools.reduce(0) { $0 + $1.changes.count + $1.fallen.count + $1.rising.count } }

    // MARK: Changes

    /// These have changed, as this gateway has heard.
    package mutating func note(_ topics: [CacheTopic], pool: Int) {
        guard pools.indices.contains(pool) else { return }
        for topic in topics { pools[pool].changes.insert(GenerationField(topic)) }
    }

    /// Everything may have changed.
    package mutating func noteEverything(pool: Int) {
        guard pools.indices.contains(pool) else { return }
        // One number says it for all; what is being raised already was heard of before.
        pools[pool].changes = [.everything]
    }

    /// What is to be raised of the pool now; empty if nothing is, or if that is under way.
    package mutating func beginRaising(pool index: Int) -> [Raise] {
        guard pools.indices.contains(index), pools[index].rising.isEmpty else { return [] }
        var pool = pools[index]
        pool.rising = pool.changes.map { Raise(field: $0, above: pool.numbers[$0] ?? 0, isChange: true) }
        pool.rising += pool.fallen.subtracting(pool.changes).map {
            Raise(field: $0, above: pool.numbers[$0] ?? 0, isChange: false)
        }
        pool.changes = []
        pool.fallen = []
        pools[index] = pool
        return pool.rising
    }

    /// What the raise has come to; `nil` if nobody knows. What is void besides what was known.
    package mutating func endRaising(pool index: Int, _ raised: Raised?) -> Voided {
        guard pools.indices.contains(index) else { return .topics([]) }
        var pool = pools[index]
        defer { pools[index] = pool }
        let rising = pool.rising
        pool.rising = []
        guard let raised else {
            for raise in rising {
                if raise.isChange { pool.changes.insert(raise.field) } else { pool.fallen.insert(raise.field) }
            }
            return .topics([])
        }
        guard raised.base == pool.base else {
            // Another hash than the one that was known: the rest of it has to be read.
            pool.base = nil
            pool.numbers = [:]
            return .everything
        }
        var void: [CacheTopic] = []
        var voidsEverything = false
        for raise in rising {
            guard let step = raised.numbers[raise.field] else { continue }
            pool.numbers[raise.field] = step.after
            // Others have been there since it was read, or may have been.
            guard step.before != raise.above || !raise.isChange else { continue }
            if let topic = raise.field.topic {
                void.append(topic)
            } else {
                voidsEverything = true
            }
        }
        return voidsEverything ? .everything : .topics(void)
    }

    // MARK: Readings

    /// The pool stands as `reading` says. What is void because of that.
    package mutating func read(_ reading: Reading, pool index: Int) -> Voided {
        guard pools.indices.contains(index) else { return .topics([]) }
        var pool = pools[index]
        defer { pools[index] = pool }
        guard reading.base == pool.base else {
            // What was kept before anything was known may be older than what is known now.
            pool.base = reading.base
            pool.numbers = reading.numbers
            pool.fallen = []
            return .everything
        }
        var void: [CacheTopic] = []
        var voidsEverything = false
        for field in Set(pool.numbers.keys).union(reading.numbers.keys) {
            let (known, number) = (pool.numbers[field] ?? 0, reading.numbers[field] ?? 0)
            guard known != number else { continue }
            if number < known {
                pool.fallen.insert(field)
            } else {
                pool.numbers[field] = number
            }
            if let topic = field.topic { void.append(topic) } else { voidsEverything = true }
        }
        return voidsEverything ? .everything : .topics(void)
    }

    /// What is known was so still at a moment after `time`.
    package mutating func confirm(since time: MonotonicTime) {
        confirmedAt = confirmedAt.map { max($0, time) } ?? time
    }
}
