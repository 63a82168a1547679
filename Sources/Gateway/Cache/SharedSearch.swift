import NIOCore
import Redis
import Resilience
import Transport
import Wire

/// Looks for one answer in the shared store, and for the right to fetch it if there is none.
///
/// ```
///            nothing           the mark is mine
/// reading ───────────▶ marking ────────────────▶ fetch
///   │  ▲                  │ somebody else's
///   │  └── every 10 ms ── waiting ── 100 ms are over ──▶ fetch, without the mark
///   └──── found ──▶ found           any failure ──▶ fetch, without the mark
/// ```
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
    func begin() {
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
            finish(.found(found.record, isForEveryone: found.isForEveryone))
        } else if hasFailed {
            store.count { $0.failures += 1 }
            finish(.fetch(nil))
        } else if let waitsUntil {
            if eventLoop.now < waitsUntil { lookAgainSoon() } else { finish(.fetch(nil)) }
        } else {
            store.count { $0.misses += 1 }
            mark()
        }
    }

    private func read(_ bytes: ByteBuffer, _ place: SharedPlaces.Place) -> CacheRecord? {
        let record: CacheRecord
        do throws(CacheRecordRejection) {
            record = try bytes.withByteView { view throws(CacheRecordRejection) in
                try store.coder.decode(view, for: place.key)
            }
        } catch {
            store.count { $0.rejections[error, default: 0] += 1 }
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
        lane.send(.set(lock.name, to: token, for: SharedSearch.lockLife, onlyIfAbsent: true)) { reply in
            switch reply {
            case .success(let value) where !value.isNull:
                if self.then == nil { SharedSearch.release(lock, on: self.lane) }
                self.finish(.fetch(lock))
            case .success:
                self.store.count { $0.waits += 1 }
                self.waitsUntil = self.eventLoop.now + SharedSearch.patience
                self.lookAgainSoon()
            case .failure:
                self.finish(.fetch(nil))
            }
        }
    }

    private func lookAgainSoon() {
        guard then != nil else { return }
        eventLoop.assumeIsolated().scheduleTask(in: SharedSearch.pause) { self.begin() }
    }

    private func finish(_ outcome: Outcome) {
        let then = then
        self.then = nil
        then?(outcome)
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
