import NIOCore
import Redis
import Resilience
import Transport
import Wire

/// Looks for one answer in the shared store, and for the right to fetch it if there is none.
///
/// ```
///            nothing                        the mark is mine
/// reading ───────────▶ marking, reading ────────────────────▶ fetch
///   │  ▲                  │ somebody else's
///   │  └── every 10 ms ── waiting ── 100 ms are over ──▶ fetch, without the mark
///   └──── found ──▶ found           any failure ──▶ fetch, without the mark
/// ```
///
/// Whoever has set the mark looks once more: the one before may have put the answer there, and taken away the mark, after
/// the first look.
///
/// Takes as long as Redis is given for each command, and 100 ms for waiting. Belongs to its loop.
final class SharedSearch {
    /// What comes of it.
    enum Outcome {
        /// The answer; whether it is the one for everybody.
        case found(CacheRecord, isForEveryone: Bool)
        /// It is to be fetched; the mark is to be taken away afterwards.
        case fetch(SharedLock?)
    }

    /// How long another gateway is waited for (reliability: "Cache"), and how often it is looked.
    private static let patience = TimeAmount.milliseconds(100)
    private static let pause = TimeAmount.milliseconds(10)
    /// How long a mark lasts that nobody takes away.
    private static let lockLife = Duration.seconds(5)

    private let places: SharedPlaces
    private let store: SharedStore
    private let lane: RedisLane
    private let eventLoop: any EventLoop
    /// Whether an answer that is stale is none.
    private let wantsFresh: Bool
    private var then: ((Outcome) -> Void)?
    private var pending = 0
    private var hasFailed = false
    private var found: (record: CacheRecord, isForEveryone: Bool)?
    private var waitsUntil: NIODeadline?
    private var lock: SharedLock?
    private var isMarked = false

    /// A search that has not begun; `then` is told once what comes of it, unless it is cancelled.
    init(
        _ places: SharedPlaces, in store: SharedStore, _ lane: RedisLane, on eventLoop: any EventLoop,
        wantsFresh: Bool, then: @escaping (Outcome) -> Void
    ) {
        self.places = places
        self.store = store
        self.lane = lane
        self.eventLoop = eventLoop
        self.wantsFresh = wantsFresh
        self.then = then
    }

    /// Begins; may end before this returns.
    func begin() { read() }

    private func read() {
        let all = [(places.common, true), (places.own, false)]
        pending = all.count { $0.0 != nil }
        for case (let place?, let isForEveryone) in all {
            lane.send(.get(place.name)) { self.received($0, place, isForEveryone) }
        }
    }

    /// Nobody wants to know any more.
    func cancel() { then = nil }

    private func received(
        _ reply: Result<RESPValue, RedisError>, _ place: SharedPlaces.Place, _ isForEveryone: Bool
    ) {
        pending -= 1
        switch reply {
        case .success(let value):
            if let bytes = value.string, let record = read(bytes, place), found == nil || isForEveryone {
                found = (record, isForEveryone)
            }
        case .failure:
            hasFailed = true
        }
        guard pending == 0 else { return }
        if let found {
            store.count { $0.hits += 1 }
            release()
            finish(.found(found.record, isForEveryone: found.isForEveryone))
        } else if hasFailed {
            store.count { $0.failures += 1 }
            release()
            finish(.fetch(nil))
        } else if !isMarked {
            store.count { $0.misses += 1 }
            mark()
        } else if let lock {
            finish(.fetch(lock))
        } else {
            wait()
        }
    }

    private func read(_ bytes: ByteBuffer, _ place: SharedPlaces.Place) -> CacheRecord? {
        let record: CacheRecord
        do throws(CacheRecordRejection) {
            record = try bytes.withByteView { view throws(CacheRecordRejection) in
                try store.coder.decode(view, for: place.key)
            }
        } catch {
            // Once, however often it is looked at.
            if !isMarked { store.count { $0.rejections[error, default: 0] += 1 } }
            return nil
        }
        let now = MonotonicTime(eventLoop.now)
        let life = record.life(at: now, wallClock: WallClock.milliseconds(), spans: store.spans)
        switch life.freshness(at: now) {
        case .fresh: return record
        case .staleWhileRevalidating, .staleOnError: return wantsFresh ? nil : record
        case .dead: return nil
        }
    }

    private func mark() {
        guard then != nil else { return }
        var random = SystemRandomNumberGenerator()
        let token = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        let lock = SharedLock(name: places.lock, token: token)
        isMarked = true
        lane.send(.set(lock.name, to: token, for: SharedSearch.lockLife, onlyIfAbsent: true)) { reply in
            switch reply {
            case .success(let value): if !value.isNull { self.lock = lock }
            case .failure: self.hasFailed = true
            }
        }
        // Sent in the same turn, so answered behind it.
        read()
    }

    private func wait() {
        let now = eventLoop.now
        if waitsUntil == nil { store.count { $0.waits += 1 } }
        let end = waitsUntil ?? now + SharedSearch.patience
        waitsUntil = end
        guard then != nil, now < end else { return finish(.fetch(nil)) }
        eventLoop.assumeIsolated().scheduleTask(in: SharedSearch.pause) { self.read() }
    }

    private func finish(_ outcome: Outcome) {
        // Nobody is left to take the mark away later.
        if then == nil { release() }
        let then = then
        self.then = nil
        then?(outcome)
    }

    /// Takes the mark away, if this search has set it.
    private func release() {
        guard let lock else { return }
        self.lock = nil
        SharedSearch.release(lock, on: lane)
    }

    /// Takes a mark away, if it is still that of this gateway.
    static func release(_ lock: SharedLock, on lane: RedisLane) {
        lane.send(.call(releaseScript, keys: [lock.name], arguments: [lock.token])) { _ in }
    }

    private static let releaseScript = RedisScript(
        "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0",
        isWrite: true, reply: .integer)
}

@available(*, unavailable)
extension SharedSearch: Sendable {}
