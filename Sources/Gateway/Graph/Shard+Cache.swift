import NIOCore
import Resilience
import Transport
import Wire

extension Shard {
    /// How often a call waits for others before it goes by itself.
    private static let waitLimit = 3

    // MARK: Before the call

    /// Asks the cache for `call`; `nil` if a backend is to be asked.
    func lookIntoCache(for call: Call, at now: NIODeadline) -> Dispatch? {
        let question: CacheQuestion
        if let caching = call.caching {
            guard caching.ticket == nil, caching.waitCount < Shard.waitLimit else { return nil }
            question = caching.question
        } else {
            guard let asked = self.question(for: call) else { return nil }
            call.caching = CallCaching(asked)
            question = asked
        }
        let deadline = call.deadline(in: pools[call.poolIndex].plan)
        let look = plan.cache.look(
            question, shard: number, until: MonotonicTime(deadline), at: MonotonicTime(now))
        switch look {
        case .serve(let answer, let refresh):
            return .serve(answer, refresh: refresh)
        case .lead(let ticket):
            call.caching?.ticket = ticket
            return search(for: call)
        case .wait(let waiter):
            call.caching?.waiter = waiter
            call.caching?.waitCount += 1
            return .wait(waiter)
        case .pass:
            return nil
        }
    }

    /// Where other gateways may have put the answer to `call`; `nil` if there is no such place, or it has been looked for
    /// there already.
    private func search(for call: Call) -> Dispatch? {
        guard let store = plan.sharedStore, let caching = call.caching, caching.places == nil,
            let generation = plan.cache.generation(
                of: caching.question.topic, pool: caching.question.pool, at: MonotonicTime(executor.eventLoop.now)),
            let places = store.places(for: caching.question, generation: generation)
        else { return nil }
        return .search(places)
    }

    /// What the cache is to be asked for `call`; `nil` if no answer to it can be kept.
    private func question(for call: Call) -> CacheQuestion? {
        guard let request = call.request, let envelope = call.envelope, envelope.kind == .request else { return nil }
        let pool = plan.pools[call.poolIndex]
        return request.body.withByteView { body in
            guard let rule = pool.cacheRule(for: call.method, era: call.era, tool: call.tool),
                CacheVerdict.refusal(of: call.method, envelope, rule: rule) == nil
            else { return nil }
            let caller = call.caller(plan.callers)
            let known = QuestionMemory.Call(
                pool: call.poolIndex, method: call.method, era: call.era,
                // A client that names no revision speaks the first one that has this transport.
                version: call.version ?? .v2025_03_26, variation: caller.variation, identity: caller.credential)
            let params = body[envelope.params ?? .none]
            if let question = questions.question(known, params) { return question }
            guard let question = makeQuestion(envelope, body, known, rule) else { return nil }
            questions.remember(question, of: known, params)
            return question
        }
    }

    private func makeQuestion(
        _ envelope: JSONRPCEnvelope, _ body: ByteView, _ call: QuestionMemory.Call, _ rule: CacheRule
    ) -> CacheQuestion? {
        guard let topic = topic(of: call.method, envelope, body),
            let digest = CallDigest(
                pool: plan.pools[call.pool].name, generation: 0, version: rule.isAcrossRevisions ? nil : call.version,
                method: call.method, envelope: envelope, message: body, fields: call.variation,
                secret: plan.cache.secret)
        else { return nil }
        // Of answers that say nothing of it, it is known beforehand for whom they are; not if others say something.
        let isUntold = call.method == .toolsCall || call.era == .legacy || !rule.usesHints
        let areAllUntold = isUntold && !(rule.isAcrossRevisions && rule.usesHints && call.method != .toolsCall)
        let question = CacheQuestion(
            pool: call.pool, topic: topic, rule: rule,
            common: !areAllUntold || rule.isPublic ? digest.key(for: .everyone) : nil,
            own: areAllUntold && rule.isPublic ? nil : call.identity.map { digest.key(for: .identity($0.bytes)) },
            prospect: areAllUntold || !isUntold ? .open : prospect(ofUntold: rule, call), identity: call.identity)
        return question.common == nil && question.own == nil ? nil : question
    }

    /// What is known of the answer to `call`, which says nothing of whom it is for, where those to others may.
    private func prospect(ofUntold rule: CacheRule, _ call: QuestionMemory.Call) -> CacheQuestion.Prospect {
        guard rule.lifetime != nil else { return .notKept }
        if rule.isPublic { return .open }
        return call.identity == nil ? .notKept : .forCaller
    }

    private func topic(of method: MCPMethod, _ envelope: JSONRPCEnvelope, _ body: ByteView) -> CacheTopic? {
        guard let uri = envelope.uri, method == .resourcesRead else { return CacheTopic(method, uri: nil) }
        guard uri.isEscaped else { return CacheTopic(method, uri: body[uri.range]) }
        return uri.unescaped(in: body).withUnsafeBytes { CacheTopic(method, uri: ByteView($0)) }
    }

    /// Somebody's news has come: the call goes on.
    static func goOn(_ call: Call, _ shard: isolated Shard) -> Dispatch {
        shard.answer(call, at: shard.executor.eventLoop.now)
    }

    /// Goes to the other gateways' answers, or chooses a backend, for a call that fetches for the cache only.
    static func beginRefresh(_ call: Call, _ shard: isolated Shard) -> Dispatch {
        shard.search(for: call) ?? shard.dispatch(call, at: shard.executor.eventLoop.now)
    }

    /// Chooses a backend.
    static func fetch(_ call: Call, _ shard: isolated Shard) -> Dispatch {
        shard.dispatch(call, at: shard.executor.eventLoop.now)
    }

    /// An answer that another gateway has kept.
    struct SharedFind {
        var call: Call
        var record: CacheRecord
        var isForEveryone: Bool
    }

    /// Keeps the answer of another gateway; `false` if it must be fetched all the same.
    static func adopt(_ find: SharedFind, _ shard: isolated Shard) -> Bool {
        guard let ticket = find.call.caching?.ticket, let store = shard.plan.sharedStore else { return false }
        let now = MonotonicTime(shard.executor.eventLoop.now)
        let life = find.record.life(at: now, wallClock: WallClock.milliseconds(), spans: store.spans)
        guard
            shard.plan.cache.adopt(
                ticket, find.record.answer, life, isForEveryone: find.isForEveryone, at: now)
        else { return false }
        find.call.caching?.ticket = nil
        return true
    }

    // MARK: After the call

    /// The whole answer to `call` has come: keeps it if that is right.
    func land(_ envelope: JSONRPCEnvelope, _ bytes: ByteView, of call: Call) {
        guard let ticket = call.caching?.ticket, let (answer, verdict) = verdict(envelope, bytes, on: call) else {
            return
        }
        call.caching?.ticket = nil
        let kept = plan.cache.land(ticket, answer, verdict, at: MonotonicTime(executor.eventLoop.now))
        call.caching?.kept = kept
    }

    /// The answer to `call` has come on a stream, which may still go wrong.
    func noteArrival(_ envelope: JSONRPCEnvelope, _ bytes: ByteView, of call: Call) {
        let arrived = verdict(envelope, bytes, on: call)
        call.caching?.arrived = arrived
    }

    /// The stream of `call` has ended well.
    static func landStreamed(_ call: Call, _ shard: isolated Shard) {
        guard let caching = call.caching, let ticket = caching.ticket, let (answer, verdict) = caching.arrived else {
            return
        }
        call.caching?.ticket = nil
        let kept = shard.plan.cache.land(
            ticket, answer, caching.hasOtherMessages ? .refuse(.otherMessages) : verdict,
            at: MonotonicTime(shard.executor.eventLoop.now))
        call.caching?.kept = kept
    }

    /// A long answer has been passed on whole; `body` is a copy of it, if it is not too long to be kept.
    static func landLong(_ answer: LandedAnswer, _ shard: isolated Shard) {
        guard let body = answer.body else { return }
        body.withByteView { bytes in
            guard let envelope = try? JSONRPCEnvelope.scan(bytes, scratch: &shard.scratch) else { return }
            shard.land(envelope, bytes, of: answer.call)
        }
    }

    /// A call, and the whole of its answer.
    package struct LandedAnswer {
        var call: Call
        var body: ByteBuffer?
    }

    /// What has come is no answer that anybody could be served, and takes the place of what was kept before.
    static func landNothing(_ call: Call, _ shard: isolated Shard) {
        guard let ticket = call.caching?.ticket else { return }
        call.caching?.ticket = nil
        shard.plan.cache.land(
            ticket, nil, .refuse(.noResult), at: MonotonicTime(shard.executor.eventLoop.now))
    }

    /// The call has ended without an answer for those who wait.
    static func giveUpFlight(_ call: Call, _ shard: isolated Shard) {
        guard let ticket = call.caching?.ticket else { return }
        call.caching?.ticket = nil
        shard.plan.cache.fail(ticket, at: MonotonicTime(shard.executor.eventLoop.now))
    }

    /// What may be served in place of an error; `nil` if nothing may.
    static func staleAnswer(_ call: Call, _ shard: isolated Shard) -> ServedAnswer? {
        guard let question = call.caching?.question else { return nil }
        return shard.plan.cache.stale(question, at: MonotonicTime(shard.executor.eventLoop.now))
    }

    private func verdict(
        _ envelope: JSONRPCEnvelope, _ bytes: ByteView, on call: Call
    ) -> (answer: CachedAnswer?, verdict: CacheVerdict)? {
        guard let question = call.caching?.question, let asked = call.envelope else { return nil }
        let verdict = CacheVerdict(
            envelope, in: bytes, to: asked, method: call.method, rule: question.rule, hasIdentity: question.own != nil)
        guard case .keep(_, let isForEveryone) = verdict, bytes.count <= plan.cache.maximumEntry else {
            return (nil, verdict)
        }
        guard question.rule.isAcrossRevisions else { return (CachedAnswer(envelope, in: bytes), verdict) }
        let scope: CachedAnswer.Scope = call.method == .toolsCall ? .untold : isForEveryone ? .public : .private
        return (CachedAnswer(acrossRevisions: envelope, in: bytes, scope: scope), verdict)
    }
}
