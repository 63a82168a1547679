import NIOCore
import Resilience
import Synchronization
package import Telemetry

/// How many calls of a pool are with its backends, how many may be, and who waits for room: a leaf value that all shards
/// share (reliability: "Load shedding").
///
/// A call that finds room pays for two atomic operations, and for a lock if its share counts. The lock of the queue is
/// taken by calls that wait, by those that end while others wait, and every 100 ms by each shard.
package final class PoolAdmission: Sendable {
    /// What becomes of one who wants a place.
    enum Entry: Hashable {
        case entered
        /// There is no place, or others wait for one.
        case full
        /// Its identity has as many calls in flight as it may have.
        case overShare
    }

    private struct Line {
        /// Made when somebody has to wait.
        var queue: AdmissionQueue<AdmissionWaiter>?
        /// `nil` if the limit is fixed.
        var limit: ConcurrencyLimit?
        var window = ConcurrencyLimit.Window()
        var windowEnd = MonotonicTime.zero
        var waits = LatencyHistogram()
    }

    /// After so long without calls, what was found out about a limit is forgotten.
    private static let memory = Duration.seconds(10)
    /// In what the limit is told how much longer than usual calls took.
    private static let usual = 1_000_000.0

    private let settings: PoolLimitSettings
    private let backendCount: Int
    private let initialLimit: Int
    /// Calls in flight, and from bit 32 on how many places have been given back.
    private let places = Atomic<UInt64>(0)
    private let waitingCount = Atomic<Int>(0)
    private let limitCount: Atomic<Int>
    private let line: Mutex<Line>
    /// Made when the first identity has a call.
    private let shares = Mutex<IdentityShares?>(nil)

    /// Nobody is there, in a pool of so many backends. If `previous` was there so far, with the same settings, what it has
    /// found out about the limit goes on, in proportion if there are more or fewer backends now.
    ///
    /// Only for a pool with other backends than before; where they are the same, `previous` itself goes on (`goesOn`). Its
    /// calls in flight and its queue stay behind: who waits there waits for room at the backends that there were. Nobody
    /// overtakes those who wait, and they are called when somebody leaves. So behind calls that wait for backends that hang,
    /// new ones would be refused for which those that have replaced them have all the room, and nobody would leave there to
    /// call them. What may be with one backend holds for both together, since its status is the same.
    package init(_ settings: PoolLimitSettings, backendCount: Int, after previous: PoolAdmission? = nil) {
        self.settings = settings
        let backendCount = max(backendCount, 1)
        self.backendCount = backendCount
        let waits = previous?.waits ?? LatencyHistogram()
        switch settings.maximumConcurrency {
        case .fixed(let limit):
            initialLimit = limit
            limitCount = Atomic(limit)
            line = Mutex(Line(waits: waits))
        case .automatic:
            // What is not known to be too much is let through.
            let product = settings.perBackend.multipliedReportingOverflow(by: backendCount)
            let initial = ConcurrencyLimit(initial: product.overflow ? .max : product.partialValue)
            initialLimit = initial.limit
            let known = previous.flatMap { $0.settings == settings ? $0.knownLimit(for: backendCount) : nil }
            let limit = known?.limit ?? initial
            limitCount = Atomic(limit.limit)
            line = Mutex(Line(limit: limit, windowEnd: known?.windowEnd ?? .zero, waits: waits))
        }
    }

    /// Whether this admission goes on in a pool with `settings` and the same backends: nobody waits for what others have not.
    func goesOn(with settings: PoolLimitSettings) -> Bool { self.settings == settings }

    /// What has been found out about the limit, as it is for so many backends, and when that was; `nil` if nothing has.
    private func knownLimit(for count: Int) -> (limit: ConcurrencyLimit, windowEnd: MonotonicTime)? {
        line.withLock { line in
            guard var limit = line.limit, limit.limit != initialLimit else { return nil }
            limit.scale(by: Double(count) / Double(backendCount))
            return (limit, line.windowEnd)
        }
    }

    /// Whether the limit is fitted to how long calls take.
    var isAdaptive: Bool { settings.maximumConcurrency == .automatic }
    /// Calls that may be with one backend.
    var perBackend: Int { settings.perBackend }
    /// Whether anybody's share is limited.
    var countsIdentities: Bool { settings.perIdentity > 0 }
    /// Calls that may be in flight.
    package var limit: Int { limitCount.load(ordering: .relaxed) }
    /// Calls that are in flight, streams until their head.
    package var inFlight: Int { Int(UInt32(truncatingIfNeeded: places.load(ordering: .relaxed))) }
    /// Counts the places that have been given back with an end of an attempt; wraps around. Whoever waits looks whether it is
    /// still what it was before they found no room: if it is not, somebody may have left who saw nobody wait.
    var departures: UInt32 { UInt32(truncatingIfNeeded: places.load(ordering: .sequentiallyConsistent) >> 32) }
    /// Calls that wait.
    package var waiting: Int { waitingCount.load(ordering: .relaxed) }
    /// How long calls have waited.
    package var waits: LatencyHistogram { line.withLock { $0.waits } }

    // MARK: Places

    /// Takes a place in the pool and a part of the share of `identity`, a hash of it or `nil`, as far as `place` has none.
    func enter(_ place: inout Place, identity: UInt64?) -> Entry {
        if let identity, place.identity == 0, settings.perIdentity > 0 {
            let admission = shares.withLock { shares in
                if shares == nil { shares = IdentityShares(limit: settings.perIdentity) }
                return shares?.enter(max(identity, 1)) ?? .uncounted
            }
            switch admission {
            case .admitted: place.identity = max(identity, 1)
            case .refused: return .overShare
            case .uncounted: break
            }
        }
        guard !place.isInPool else { return .entered }
        // Nobody overtakes those who wait.
        guard waitingCount.load(ordering: .sequentiallyConsistent) == 0, takePlace() else {
            leaveShare(&place)
            return .full
        }
        place.isInPool = true
        return .entered
    }

    /// Gives back what `place` has of the pool and of a share.
    func leave(_ place: inout Place, at now: MonotonicTime) {
        leaveShare(&place)
        guard place.isInPool else { return }
        place.isInPool = false
        leavePool(at: now)
    }

    /// Gives back a place of the pool: whoever is next may have it.
    func leavePool(at now: MonotonicTime) {
        // One departure more, one in flight less.
        places.wrappingAdd(1 << 32 &- 1, ordering: .sequentiallyConsistent)
        if waitingCount.load(ordering: .sequentiallyConsistent) > 0 { letIn(1, at: now) }
    }

    /// Gives back what `place` has although somebody waits: the backends have no room for anybody.
    func leaveQuietly(_ place: inout Place) {
        leaveShare(&place)
        guard place.isInPool else { return }
        place.isInPool = false
        places.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    }

    /// Whether `identity`, a hash of it, or all who have none together, has at least as many calls in flight as there are for
    /// each if all have equally many. Nobody has who has none.
    func hasShare(identity: UInt64?) -> Bool {
        let total = inFlight
        guard total > 0 else { return false }
        let (counted, identities, own) = shares.withLock { shares in
            guard let shares else { return (0, 0, 0) }
            return (shares.callCount, shares.identityCount, identity.map { shares.count(of: max($0, 1)) } ?? 0)
        }
        // Those without a name are one more.
        let unnamed = max(total - counted, 0)
        let count = identity == nil ? unnamed : own
        return count > 0 && count * (identities + (unnamed > 0 ? 1 : 0)) >= total
    }

    private func takePlace() -> Bool {
        let count = UInt32(truncatingIfNeeded: places.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue)
        if Int(count) <= limitCount.load(ordering: .relaxed) { return true }
        places.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        return false
    }

    private func leaveShare(_ place: inout Place) {
        guard place.identity != 0 else { return }
        let identity = place.identity
        place.identity = 0
        shares.withLock { $0?.leave(identity) }
    }

    // MARK: Waiting

    /// Puts one who waits since `arrival` into the queue; `nil` if it may not wait.
    func wait(
        _ waiter: AdmissionWaiter, identity: UInt64, since arrival: MonotonicTime
    ) -> AdmissionQueue<AdmissionWaiter>.Ticket? {
        guard settings.queue > 0 else { return nil }
        return line.withLock { line in
            var queue =
                line.queue.take()
                ?? AdmissionQueue(
                    AdmissionQueue.Configuration(capacity: settings.queue, maximumWait: settings.queueTimeout))
            defer {
                waitingCount.store(queue.count, ordering: .sequentiallyConsistent)
                line.queue = queue
            }
            guard case .queued(let ticket) = queue.enqueue(waiter, identity: identity, at: arrival) else { return nil }
            return ticket
        }
    }

    /// Takes one out of the queue; `false` if it has been called already.
    @discardableResult
    func stopWaiting(_ ticket: AdmissionQueue<AdmissionWaiter>.Ticket, at now: MonotonicTime) -> Bool {
        line.withLock { line in
            guard line.queue?.remove(ticket, at: now) != nil else { return false }
            waitingCount.store(line.queue?.count ?? 0, ordering: .sequentiallyConsistent)
            return true
        }
    }

    /// Until when one may wait who has waited since `arrival`, if nothing changes.
    func waitEnd(since arrival: MonotonicTime) -> MonotonicTime {
        line.withLock { $0.queue?.refusalTime(arrival: arrival) ?? arrival }
    }

    /// Lets so many of those who wait go on, as far as there are places for them; those who have waited too long are told so.
    func letIn(_ most: Int, at now: MonotonicTime) {
        var told: [(AdmissionWaiter, AdmissionNews)] = []
        line.withLock { line in
            guard var queue = line.queue.take() else { return }
            while let waiter = queue.refuse(at: now) { told.append((waiter, .refused)) }
            for _ in 0..<most {
                guard queue.count > 0, takePlace() else { break }
                guard let waiter = queue.dequeue(at: now) else {
                    places.wrappingSubtract(1, ordering: .sequentiallyConsistent)
                    break
                }
                told.append((waiter, .admitted))
            }
            waitingCount.store(queue.count, ordering: .sequentiallyConsistent)
            line.queue = queue
        }
        for (waiter, news) in told { waiter.tell(news, of: self) }
    }

    /// Counts how long one has waited, whatever came of it.
    func noteWait(since arrival: MonotonicTime, at now: MonotonicTime) {
        line.withLock { $0.waits.record(nanoseconds: now.nanoseconds &- arrival.nanoseconds) }
    }

    // MARK: The limit

    /// What a shard has gathered: so many calls took, on average and with the best of the backends, `ratio` times as long as
    /// usual, and so many were in flight at most.
    func note(_ count: Int, ratio: Double, mostInFlight: Int, at now: MonotonicTime) {
        let growth = line.withLock { line -> Int in
            guard var limit = line.limit else { return 0 }
            line.window.count &+= count
            line.window.nanoseconds &+= Int64(min(ratio, 1_000) * PoolAdmission.usual * Double(count))
            line.window.reach(inFlight: mostInFlight)
            guard now >= line.windowEnd else { return 0 }
            let before = limit.limit
            let after = limit.close(line.window)
            line.limit = limit
            line.window = ConcurrencyLimit.Window()
            line.windowEnd = now + ConcurrencyLimit.windowLength
            limitCount.store(after, ordering: .relaxed)
            return after - before
        }
        if growth > 0, waitingCount.load(ordering: .relaxed) > 0 { letIn(growth, at: now) }
    }

    /// Forgets what was found out about the limit when there have been no calls for long: to be asked now and then.
    func forgetIfIdle(at now: MonotonicTime) {
        line.withLock { line in
            guard line.limit != nil, now - line.windowEnd >= PoolAdmission.memory else { return }
            line.limit = ConcurrencyLimit(initial: initialLimit)
            limitCount.store(initialLimit, ordering: .relaxed)
        }
    }
}
