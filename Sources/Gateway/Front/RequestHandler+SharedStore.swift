import NIOCore
import Resilience
import Transport
import Wire

/// The way to the answers that gateways share.
extension RequestHandler {
    /// Looks for the answer where other gateways put theirs, before a backend is asked.
    func search(_ places: SharedPlaces) {
        guard let store = shard.plan.sharedStore, let lane = home.redis, lane.isServing else {
            return carryOut(loop.executor.enter(shard, Shard.fetch, call))
        }
        state = .searching
        call.caching?.places = places
        let search = SharedSearch(
            places, in: store, lane, on: loop.eventLoop, wantsFresh: isForCacheOnly
        ) { self.searched($0) }
        self.search = search
        search.begin()
    }

    private func searched(_ outcome: SharedSearch.Outcome) {
        search = nil
        switch outcome {
        case .found(let record, let isForEveryone):
            let find = Shard.SharedFind(call: call, record: record, isForEveryone: isForEveryone)
            guard loop.executor.enter(shard, Shard.adopt, find) else { break }
            if isForCacheOnly {
                finishCall(.ok, httpStatus: 200, answerByteCount: 0)
            } else {
                carryOut(loop.executor.enter(shard, Shard.goOn, call))
            }
            return
        case .fetch(let lock):
            call.caching?.lock = lock
        }
        carryOut(loop.executor.enter(shard, Shard.fetch, call))
    }

    /// Puts the answer that has been kept where other gateways find it, and lets them go on.
    func shareAnswer() {
        guard let caching = call.caching, let places = caching.places, let lane = home.redis,
            let store = shard.plan.sharedStore
        else { return }
        if let kept = caching.kept, let place = kept.isForEveryone ? places.common : places.own {
            let now = MonotonicTime(loop.eventLoop.now)
            let life = kept.answer.life
            let record = CacheRecord(
                answer: kept.answer.answer, received: WallClock.milliseconds(), freshness: life.remaining(at: now),
                fetchTime: life.fetchTime)
            if let bytes = store.coder.encode(record, for: place.key, with: &home.compressor) {
                store.count { $0.stores += 1 }
                lane.send(.set(place.name, to: bytes, for: life.end - now)) { _ in }
            }
        }
        if let lock = caching.lock { SharedSearch.release(lock, on: lane) }
    }
}
