import Gateway
import NIOCore
import Resilience
import Testing
import Transport
import Wire

@Suite struct `the cache of a process, told of changes` {
    private let now = MonotonicTime.zero + .seconds(100)

    private func cache(pools: Int = 2) -> AnswerCache {
        AnswerCache(CacheSettings(), poolCount: pools, secret: [], seed: 1)
    }

    /// A cache that shares what it hears, and has read these numbers just now.
    private func sharingCache(pools: Int = 2) -> AnswerCache {
        let cache = cache(pools: pools)
        cache.shareGenerations(Doorbell())
        for pool in 0..<pools { cache.read(GenerationLedger.Reading(base: 1, numbers: [:]), pool: pool) }
        cache.confirmGenerations(since: now)
        return cache
    }

    private func knows(_ cache: AnswerCache, _ topic: CacheTopic = .tools, pool: Int = 0) -> Bool {
        cache.generation(of: topic, pool: pool, at: now) != nil
    }

    @Test func `knows no generation without a Redis`() {
        let cache = cache()
        cache.invalidate([.tools], pool: 0)
        cache.read(GenerationLedger.Reading(base: 1, numbers: [:]), pool: 0)
        cache.confirmGenerations(since: now)
        #expect(!knows(cache) && cache.openGenerationCount == 0)
        #expect(cache.beginRaising(pool: 0) == [])
    }

    @Test func `knows no generation of what it has heard of until that is raised`() {
        let cache = sharingCache()
        #expect(knows(cache))
        #expect(cache.sharesAnswers(at: now) && !cache.sharesAnswers(at: now + .seconds(2)))
        cache.invalidate([.tools], pool: 0, source: .call)
        #expect(!cache.sharesAnswers(at: now))
        #expect(!knows(cache) && knows(cache, .prompts) && knows(cache, pool: 1))
        let raises = cache.beginRaising(pool: 0)
        #expect(raises.map(\.field) == [GenerationField(.tools)])
        cache.endRaising(
            pool: 0, GenerationLedger.Raised(base: 1, numbers: [GenerationField(.tools): .init(from: 0, to: 9)]))
        #expect(knows(cache))
    }

    @Test func `forgetting a pool, or all, is told to others`() {
        let cache = sharingCache()
        cache.clear(pool: 1)
        #expect(knows(cache) && !knows(cache, pool: 1) && cache.openGenerationCount == 1)
        cache.clear()
        #expect(!knows(cache) && cache.openGenerationCount == 2)
        #expect(cache.beginRaising(pool: 0).map(\.field) == [.everything])
    }

    @Test func `what others have changed is not told to them again`() {
        let cache = sharingCache()
        cache.read(GenerationLedger.Reading(base: 1, numbers: [GenerationField(.tools): 5]), pool: 0)
        #expect(knows(cache) && cache.openGenerationCount == 0)
        #expect(cache.invalidations.first { $0.source == .gateway }?.count == 3)
    }

    @Test func `counts by who said so`() {
        let cache = cache()
        cache.invalidate([.tools, .prompts], pool: 0)
        cache.invalidate([], pool: 0)
        cache.clear()
        cache.clear(pool: 7, source: .gap)
        let counts = cache.invalidations.filter { $0.count > 0 }
        #expect(counts.map(\.source) == [.listener, .gap, .operator] && counts.map(\.count) == [1, 1, 1])
    }

    @Test func `watches resources by pool`() {
        let cache = cache()
        cache.watch(Array("test://a".utf8), pool: 1)
        cache.watch(Array("test://a".utf8), pool: 9)
        #expect(cache.watchedVersion(pool: 0) == 0 && cache.watchedVersion(pool: 1) == 1)
        #expect(cache.watched(pool: 1).uris == [Array("test://a".utf8)])
        #expect(cache.watched(pool: 9).uris.isEmpty)
    }

    @Test func `a change is known by its notification`() throws {
        func topics(_ message: String) throws -> [CacheTopic]? {
            var scratch = JSONScratch(seed: 1)
            let bytes = Array(message.utf8)
            return try bytes.withUnsafeBytes { raw in
                let view = ByteView(raw)
                return CacheTopic.changed(by: try JSONRPCEnvelope.scan(view, scratch: &scratch), in: view)
            }
        }
        func notification(_ name: String, _ params: String) -> String {
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/\(name)\",\"params\":\(params)}"
        }
        #expect(try topics(notification("tools/list_changed", "{}")) == [.tools])
        #expect(try topics(notification("prompts/list_changed", "{}")) == [.prompts])
        #expect(try topics(notification("resources/list_changed", "{}")) == [.resources])
        #expect(
            try topics(notification("resources/updated", "{\"uri\":\"x:\\/a\"}"))?.first
                == .resource(Array("x:/a".utf8)))
        #expect(try topics(notification("resources/updated", "{}")) == nil)
        #expect(try topics(notification("message", "{\"uri\":\"x:/a\"}")) == nil)
        #expect(try topics("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"notifications/tools/list_changed\"}") == nil)
    }

    // MARK: The doorbell

    @Test(.timeLimit(.minutes(5)))
    func `a doorbell wakes who waits, lets the next one pass, and forgets nobody`() async {
        let executor = EventLoops(servingCount: 1).side
        let doorbell = Doorbell()
        // Rung before.
        doorbell.ring()
        doorbell.ring()
        await doorbell.wait(on: executor, atMost: .seconds(3_600))
        // Rung while somebody waits, or is about to.
        for _ in 1...100 {
            let waiting = Task { await doorbell.wait(on: executor, atMost: .seconds(3_600)) }
            await Task.yield()
            doorbell.ring()
            await waiting.value
        }
        // Cancelled.
        let cancelled = Task { await doorbell.wait(on: executor, atMost: .seconds(3_600)) }
        cancelled.cancel()
        await cancelled.value
        // Nobody rings.
        await doorbell.wait(on: executor, atMost: .zero)
        let begin = ContinuousClock.now
        await doorbell.wait(on: executor, atMost: .milliseconds(50))
        #expect(ContinuousClock.now - begin >= .milliseconds(45))
    }
}
