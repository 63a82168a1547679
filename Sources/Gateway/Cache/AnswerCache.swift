import Crypto
package import NIOCore
package import Resilience
import Synchronization

/// The cache of the process: a leaf value that the shards share, so that there is one bound, one flight to a key and one
/// memory of what has become void, however many loops serve.
///
/// The mutex is held for well under a microsecond and nothing is done under it but the decision.
package final class AnswerCache: Sendable {
    /// Keeps others from finding out what is behind a key; the same on all gateways that share a store.
    package let secret: [UInt8]
    /// Larger answers are not kept, in bytes.
    package let maximumEntry: Int
    /// How many pools there are; at least one.
    let poolCount: Int
    /// What is kept.
    let board: Mutex<AnswerBoard>
    /// What is known of the changes of other gateways; `nil` while they are not followed.
    let generations = Mutex<SharedGenerations?>(nil)
    /// The resources of which answers are kept, of each pool.
    let watchedResources: Mutex<[WatchedResources]>
    /// Who else is told when the tools of each pool have changed, or may have; none if nobody is.
    private let traitsBoards: Mutex<[ToolTraitsBoard?]>
    /// What it may hold, and half of that.
    private let bounds: ResponseCacheBounds
    private let halfBounds: ResponseCacheBounds
    /// What had happened in the cache before this one.
    private let before: Figures?
    private let invalidationCounts = InvalidationSource.allCases.map { _ in Counter() }
    private let desks = Mutex<[Int: Desk]>([:])

    private final class Counter: Sendable {
        let value = Atomic(0)
    }

    /// Where those wait who wait on one shard.
    private struct Desk {
        var eventLoop: any EventLoop
        var desk: NIOLoopBound<FlightDesk>
    }

    /// An empty cache for `poolCount` pools with the bounds of `settings`; what changes in their tools, `toolTraits` are
    /// told too. It goes on counting where `previous` is now.
    package init(
        _ settings: CacheSettings, poolCount: Int, secret: [UInt8], seed: UInt64, toolTraits: [ToolTraitsBoard?] = [],
        after previous: AnswerCache? = nil
    ) {
        traitsBoards = Mutex(toolTraits)
        before = previous?.figures
        self.secret = secret
        maximumEntry = settings.maximumEntry
        self.poolCount = max(poolCount, 1)
        watchedResources = Mutex([WatchedResources](repeating: WatchedResources(), count: max(poolCount, 1)))
        bounds = ResponseCacheBounds(bytes: settings.memory, entryBytes: settings.maximumEntry)
        halfBounds = ResponseCacheBounds(bytes: settings.memory / 2, entryBytes: settings.maximumEntry)
        board = Mutex(
            AnswerBoard(
                bounds: bounds,
                spans: StaleSpans(
                    whileRevalidating: settings.staleWhileRevalidate, onError: settings.staleIfError),
                poolCount: poolCount, seed: seed))
        for (source, count) in previous?.invalidations ?? [] {
            invalidationCounts[source.rawValue].value.store(count, ordering: .relaxed)
        }
    }

    /// Who else is told when the tools of each pool have changed.
    var toolTraits: [ToolTraitsBoard?] {
        get { traitsBoards.withLock { $0 } }
        set { traitsBoards.withLock { $0 = newValue } }
    }

    /// The secret for the names of answers that follows from that of the gateways.
    package static func secret(from secret: [UInt8]) -> [UInt8] {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret), info: Array("mcp-gateway cache keys v1".utf8),
            outputByteCount: 32
        ).withUnsafeBytes { Array($0) }
    }

    /// Whoever waits on the shard with this number is told through `desk`. On the desk's loop.
    package func register(_ desk: FlightDesk, shard: Int, on eventLoop: any EventLoop) {
        let bound = NIOLoopBound(desk, eventLoop: eventLoop)
        desks.withLock { $0[shard] = Desk(eventLoop: eventLoop, desk: bound) }
    }

    // MARK: Calls

    /// What a call on `shard` is to do that can wait until `deadline`.
    package func look(
        _ question: CacheQuestion, shard: Int, until deadline: MonotonicTime, at now: MonotonicTime
    ) -> CacheLook {
        board.withLock { $0.look(question, shard: shard, until: deadline, at: now) }
    }

    /// What may be served now that fetching has failed; `nil` if nothing may.
    package func stale(_ question: CacheQuestion, at now: MonotonicTime) -> ServedAnswer? {
        board.withLock { $0.stale(question, at: now) }
    }

    /// An answer has come to the call of `ticket`: keeps it if the verdict says so, and tells those who wait. What is kept;
    /// `nil` if nothing is.
    @discardableResult
    package func land(
        _ ticket: FlightTicket, _ answer: CachedAnswer?, _ verdict: CacheVerdict, at now: MonotonicTime
    ) -> SharableAnswer? {
        let landing = board.withLock { $0.land(ticket, answer, verdict, at: now) }
        if landing.kept != nil { watch(ticket.question) }
        tell(landing.waiters, .lookAgain)
        return landing.kept
    }

    /// Another gateway has kept an answer for the call of `ticket`: keeps it, and tells those who wait. `false` if it is void
    /// or finds no room: then the call goes on.
    package func adopt(
        _ ticket: FlightTicket, _ answer: CachedAnswer, _ life: CacheLife, isForEveryone: Bool, at now: MonotonicTime
    ) -> Bool {
        let waiters = board.withLock { $0.adopt(ticket, answer, life, isForEveryone: isForEveryone, at: now) }
        guard let waiters else { return false }
        watch(ticket.question)
        tell(waiters, .lookAgain)
        return true
    }

    /// No answer has come to the call of `ticket`: tells those who are to do something about it.
    package func fail(_ ticket: FlightTicket, at now: MonotonicTime) {
        switch board.withLock({ $0.fail(ticket, at: now) }) {
        case .lookAgain(let waiters): tell(waiters, .lookAgain)
        case .lead(let waiter, let ticket): tell([waiter], .lead(ticket))
        case .nobody: break
        }
    }

    /// `waiter` does not want the answer any more. Whether somebody else still does.
    package func leave(_ waiter: FlightWaiter) -> Bool {
        board.withLock { $0.leave(waiter) }
    }

    /// Tells `waiters` on their loops, after what goes on now.
    private func tell(_ waiters: [FlightWaiter], _ news: FlightNews) {
        guard !waiters.isEmpty else { return }
        let desks = desks.withLock { $0 }
        for (shard, waiters) in Dictionary(grouping: waiters, by: \.shard) {
            guard let place = desks[shard] else { continue }
            let desk = place.desk
            place.eventLoop.execute { desk.value.tell(waiters, news) }
        }
    }

    // MARK: Changes

    /// What depends on `topics` in the pool at `pool` is not served any more, here and on other gateways. `tools`: who may
    /// have other ones, if it is known.
    package func invalidate(
        _ topics: [CacheTopic], pool: Int, tools: ToolTraitsBoard.Source? = nil, source: InvalidationSource = .listener
    ) {
        guard !topics.isEmpty else { return }
        count(source)
        share { $0.note(topics, pool: pool) }
        board.withLock { $0.invalidate(topics, pool: pool) }
        if topics.contains(.tools) { noteToolChange(pool: pool, of: tools) }
    }

    /// Forgets all answers of the pool at `pool`, or of all, here and on other gateways. `tools`: who may have other ones, if it is
    /// known.
    package func clear(pool: Int? = nil, tools: ToolTraitsBoard.Source? = nil, source: InvalidationSource = .operator) {
        count(source)
        let pools = pool.map { $0...$0 } ?? 0...(poolCount - 1)
        share { ledger in for pool in pools { ledger.noteEverything(pool: pool) } }
        board.withLock { $0.clear(pool: pool) }
        noteToolChange(pool: pool, of: tools)
    }

    /// The tools of the pool at `pool`, or of all, may have changed: those of `source`, or of any backend.
    func noteToolChange(pool: Int?, of source: ToolTraitsBoard.Source? = nil) {
        let toolTraits = self.toolTraits
        if let pool {
            if toolTraits.indices.contains(pool) { toolTraits[pool]?.noteChange(of: source) }
        } else {
            for board in toolTraits { board?.noteChange() }
        }
    }

    /// Counts a change by from whom it is known.
    func count(_ source: InvalidationSource) {
        invalidationCounts[source.rawValue].value.add(1, ordering: .relaxed)
    }

    /// How often something has become void, by from whom that was known.
    package var invalidations: [(source: InvalidationSource, count: Int)] {
        InvalidationSource.allCases.map { ($0, invalidationCounts[$0.rawValue].value.load(ordering: .relaxed)) }
    }

    // MARK: Room

    /// Holds half of what it may hold from now on, or all of it again. Lets go of a few answers at a time: whoever looks for
    /// one meanwhile does not wait for all of them. Costs next to nothing where nothing changes.
    package func setHalved(_ isHalved: Bool, at now: MonotonicTime) {
        let bounds = isHalved ? halfBounds : bounds
        while !board.withLock({ $0.resize(to: bounds, steps: 64, at: now) }) {}
    }

    // MARK: Watched resources

    private func watch(_ question: CacheQuestion) {
        if case .resource(let uri) = question.topic { watch(uri, pool: question.pool) }
    }

    /// An answer that was read from `uri` is kept: the backends of the pool at `pool` are asked to tell when it changes.
    package func watch(_ uri: [UInt8], pool: Int) {
        watchedResources.withLock { pools in
            guard pools.indices.contains(pool) else { return }
            pools[pool].note(uri)
        }
    }

    /// The number of the list of watched resources of the pool at `pool`, which changes with the list.
    package func watchedVersion(pool: Int) -> UInt64 {
        watchedResources.withLock { $0.indices.contains(pool) ? $0[pool].version : 0 }
    }

    /// That list, with its number.
    package func watched(pool: Int) -> (version: UInt64, uris: Set<[UInt8]>) {
        watchedResources.withLock { $0.indices.contains(pool) ? ($0[pool].version, $0[pool].all) : (0, []) }
    }

    // MARK: Figures

    /// How the cache is doing.
    package struct Figures: Sendable {
        /// What has happened.
        package var counts: AnswerBoard.Counts
        /// What had to go.
        package var evictions: ResponseCacheCounts
        /// Bytes and entries that are held.
        package var bytes: Int
        package var entries: Int
        /// Answers that are being fetched.
        package var flights: Int
    }

    /// How the cache is doing now.
    package var figures: Figures {
        var figures = board.withLock {
            Figures(
                counts: $0.counts, evictions: $0.evictionCounts, bytes: $0.costBytes, entries: $0.count,
                flights: $0.flightCount)
        }
        if let before {
            figures.counts.add(before.counts)
            figures.evictions.evictions += before.evictions.evictions
            figures.evictions.expirations += before.evictions.expirations
        }
        return figures
    }
}
