import Resilience
import Testing
import Wire

@testable import Gateway

@Suite struct `Answer board` {
    private static func key(_ number: UInt8) -> CacheKey { CacheKey([UInt8](repeating: number, count: 32))! }

    private static let common = key(1)

    private func question(_ own: UInt8? = nil, common: CacheKey? = common, topic: CacheTopic = .tools) -> CacheQuestion
    {
        CacheQuestion(
            pool: 0, topic: topic, rule: CacheRule(), common: common, own: own.map { Self.key($0) },
            identity: own.map { CallerKey(high: 0, low: UInt64($0)) })
    }

    private func board(entryBytes: Int = 100_000) -> AnswerBoard {
        AnswerBoard(
            bounds: ResponseCacheBounds(bytes: 1_000_000, entryBytes: entryBytes), spans: StaleSpans(), poolCount: 2,
            seed: 1)
    }

    private func at(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: 1_000_000_000 * (100 + seconds)) }

    private func answer(_ text: String = "x") throws -> CachedAnswer {
        try #require(try ScannedMessage(#"{"jsonrpc":"2.0","id":1,"result":{"text":"\#(text)"}}"#).cached)
    }

    private func look(_ board: inout AnswerBoard, _ question: CacheQuestion, _ seconds: Int64 = 0) -> CacheLook {
        board.look(question, shard: 0, until: at(seconds + 60), at: at(seconds))
    }

    private func ticket(_ look: CacheLook) -> FlightTicket? {
        if case .lead(let ticket) = look { ticket } else { nil }
    }

    private func waiter(_ look: CacheLook) -> FlightWaiter? {
        if case .wait(let waiter) = look { waiter } else { nil }
    }

    private func served(_ look: CacheLook) -> (ServedAnswer, FlightTicket?)? {
        if case .serve(let answer, let refresh) = look { (answer, refresh) } else { nil }
    }

    private func passes(_ look: CacheLook) -> Bool { if case .pass = look { true } else { false } }

    private func keep(_ seconds: Int64 = 60, isForEveryone: Bool = true) -> CacheVerdict {
        .keep(timeToLive: .seconds(seconds), isForEveryone: isForEveryone)
    }

    private func question(_ own: UInt8?, _ prospect: CacheQuestion.Prospect) -> CacheQuestion {
        let question = question(own)
        return CacheQuestion(
            pool: question.pool, topic: question.topic, rule: question.rule, common: question.common, own: question.own,
            prospect: prospect, identity: question.identity)
    }

    @Test func `serves a call whose answer cannot be kept, and has it fetch nothing`() throws {
        var board = board()
        #expect(passes(look(&board, question(7, .notKept))))
        let lead = try #require(ticket(look(&board, question())))
        #expect(passes(look(&board, question(7, .notKept))), "it waits for nobody, so that it need not lead")
        _ = board.land(lead, try answer(), keep(10), at: at(0))
        #expect(served(look(&board, question(7, .notKept), 1)) != nil)
        let (stale, refresh) = try #require(served(look(&board, question(7, .notKept), 11)))
        #expect(stale.outcome == .stale && refresh == nil)
        #expect(try #require(served(look(&board, question(8), 11))).1 != nil)
    }

    @Test func `fetches for the caller alone what is known to be for them, and looks at what is for everybody`() throws
    {
        var board = board()
        let mine = try #require(ticket(look(&board, question(7, .forCaller))))
        let open = try #require(ticket(look(&board, question())), "which is another flight")
        _ = board.land(mine, try answer("mine"), keep(isForEveryone: false), at: at(0))
        #expect(try #require(served(look(&board, question(7, .forCaller)))).0.answer == (try answer("mine")))
        #expect(ticket(look(&board, question(8, .forCaller))) != nil)
        // It has left no mark where the others look.
        _ = board.land(open, try answer("open"), keep(), at: at(0))
        #expect(try #require(served(look(&board, question(8, .forCaller)))).0.answer == (try answer("open")))
        #expect(try #require(served(look(&board, question(7)))).0.answer == (try answer("open")))
    }

    @Test func `goes on for the caller alone where answers to others are not kept`() throws {
        var board = board()
        let lead = try #require(ticket(look(&board, question())))
        _ = board.land(lead, nil, .refuse(.noTimeToLive), at: at(0))
        #expect(passes(look(&board, question(7))))
        let mine = try #require(ticket(look(&board, question(7, .forCaller))))
        _ = board.land(mine, try answer("mine"), keep(isForEveryone: false), at: at(0))
        #expect(served(look(&board, question(7, .forCaller))) != nil)
    }

    @Test func `lets one fetch, and serves all that come after`() throws {
        var board = board()
        let lead = try #require(ticket(look(&board, question())))
        let second = try #require(waiter(look(&board, question())))
        let third = try #require(waiter(look(&board, question(7))))
        let landing = board.land(lead, try answer(), keep(), at: at(1))
        #expect(landing.waiters == [second, third] && landing.kept?.isForEveryone == true)
        let (answer, refresh) = try #require(served(look(&board, question(8), 11)))
        #expect(answer.outcome == .hit && answer.age == .seconds(10) && refresh == nil)
        #expect((.seconds(44)...(.seconds(50))).contains(answer.remaining))
        #expect(board.flightCount == 0 && board.counts.misses == 1 && board.counts.waits == 2)
    }

    @Test func `keeps what is for one caller from all others, and flies for each apart from then on`() throws {
        var board = board()
        let lead = try #require(ticket(look(&board, question(7))))
        let other = try #require(waiter(look(&board, question(8))))
        #expect(board.land(lead, try answer("seven"), keep(isForEveryone: false), at: at(0)).waiters == [other])
        #expect(try #require(served(look(&board, question(7)))).0.answer == (try answer("seven")))
        // The first one's answer is not theirs: two flights at a time, one for each.
        let eight = try #require(ticket(look(&board, question(8))))
        let nine = try #require(ticket(look(&board, question(9))))
        #expect(eight.flight != nine.flight && waiter(look(&board, question(8))) != nil)
        // Who is nobody has no flight to share.
        #expect(passes(look(&board, question())))
    }

    @Test(arguments: [
        (CacheVerdict.Reason.noTimeToLive, 10 as Int64), (.toolError, 1), (.noResult, 1), (.otherMessages, 1),
    ])
    func `lets everybody pass for a while where nothing was kept`(reason: CacheVerdict.Reason, seconds: Int64) throws {
        var board = board()
        let lead = try #require(ticket(look(&board, question(7))))
        let other = try #require(waiter(look(&board, question(8))))
        #expect(board.land(lead, nil, .refuse(reason), at: at(0)).waiters == [other])
        #expect(passes(look(&board, question(8))) && passes(look(&board, question())))
        #expect(ticket(look(&board, question(8), seconds)) != nil)
    }

    @Test func `takes an answer that finds no room for one that is not kept`() throws {
        var board = board(entryBytes: 300)
        let lead = try #require(ticket(look(&board, question())))
        #expect(board.land(lead, try answer(String(repeating: "x", count: 400)), keep(), at: at(0)).kept == nil)
        #expect(passes(look(&board, question())))
    }

    @Test func `refreshes once beside what is stale, and again when that has failed for a second`() throws {
        var board = board()
        let lead = try #require(ticket(look(&board, question())))
        _ = board.land(lead, try answer(), keep(), at: at(0))
        let (first, begun) = try #require(served(look(&board, question(), 61)))
        #expect(first.outcome == .stale && first.remaining == .zero)
        let refresh = try #require(begun)
        #expect(try #require(served(look(&board, question(), 61))).1 == nil)
        guard case .lookAgain(let waiters) = board.fail(refresh, at: at(62)) else {
            Issue.record("the stale answer is forgotten")
            return
        }
        #expect(waiters.isEmpty)
        #expect(try #require(served(look(&board, question(), 62))).1 == nil)
        let (_, second) = try #require(served(look(&board, question(), 63)))
        let again = try #require(second)
        _ = board.land(again, try answer("new"), keep(), at: at(63))
        #expect(try #require(served(look(&board, question(), 64))).0.outcome == .hit)
        #expect(board.counts.refreshes == 2)
    }

    @Test func `serves what is stale in place of an error only while it may`() throws {
        var board = board()
        let first = try #require(ticket(look(&board, question())))
        _ = board.land(first, try answer(), keep(), at: at(0))
        // Beyond revalidation somebody must fetch; when that fails, all are served for a second.
        let lead = try #require(ticket(look(&board, question(), 100)))
        let other = try #require(waiter(look(&board, question(), 100)))
        #expect(board.stale(question(), at: at(100))?.outcome == .stale)
        guard case .lookAgain([other]) = board.fail(lead, at: at(100)) else {
            Issue.record("those who wait are not told")
            return
        }
        #expect(try #require(served(look(&board, question(), 100))).0.outcome == .stale)
        #expect(board.stale(question(), at: at(361)) == nil)
        #expect(ticket(look(&board, question(), 361)) != nil)
    }

    @Test func `hands the flight on when it fails, and ends it when nobody is left`() throws {
        var board = board()
        let lead = try #require(ticket(look(&board, question())))
        let second = try #require(waiter(look(&board, question())))
        let third = try #require(waiter(look(&board, question())))
        guard case .lead(second, let next) = board.fail(lead, at: at(1)) else {
            Issue.record("nobody goes on")
            return
        }
        // The third still waits.
        let isWanted = board.leave(second)
        #expect(isWanted)
        guard case .lead(third, let last) = board.fail(next, at: at(2)) else {
            Issue.record("nobody goes on")
            return
        }
        let isWantedStill = board.leave(third)
        #expect(!isWantedStill && board.flightCount == 0)
        // An answer that comes all the same is kept, and concerns nobody.
        #expect(board.land(last, try answer(), keep(), at: at(3)).waiters.isEmpty)
        #expect(served(look(&board, question(), 4)) != nil)
    }

    @Test func `serves and keeps nothing from before a change`() throws {
        var board = board()
        let first = try #require(ticket(look(&board, question())))
        _ = board.land(first, try answer(), keep(), at: at(0))
        board.invalidate([.prompts], pool: 0)
        board.invalidate([.tools], pool: 1)
        #expect(served(look(&board, question())) != nil)
        board.invalidate([.tools], pool: 0)
        let lead = try #require(ticket(look(&board, question())))
        board.invalidate([.tools], pool: 0)
        #expect(board.land(lead, try answer(), keep(), at: at(0)).kept == nil)
        let next = try #require(ticket(look(&board, question())))
        let life = CacheLife(received: at(0), expiry: at(60), fetchTime: .zero, spans: StaleSpans())
        board.clear(pool: 0)
        #expect(board.adopt(next, try answer(), life, isForEveryone: true, at: at(0)) == nil)
        #expect(waiter(look(&board, question())) != nil, "the flight goes on")
    }

    @Test func `adopts what another gateway has kept, with the life that it has left`() throws {
        var board = board()
        let lead = try #require(ticket(look(&board, question(7))))
        let other = try #require(waiter(look(&board, question(8))))
        let life = CacheLife(received: at(-50), expiry: at(10), fetchTime: .zero, spans: StaleSpans())
        #expect(board.adopt(lead, try answer(), life, isForEveryone: false, at: at(0)) == [other])
        let (answer, _) = try #require(served(look(&board, question(7))))
        #expect(answer.outcome == .hit && answer.age == .seconds(50) && answer.remaining == .seconds(10))
        #expect(ticket(look(&board, question(8))) != nil)
    }

    @Test func `nobody takes more than their share`() throws {
        var board = board()
        for number in 0..<2_000 {
            let other = question(7, common: nil)
            var bytes = [UInt8](repeating: 9, count: 32)
            bytes[0] = UInt8(number / 256)
            bytes[1] = UInt8(number % 256)
            let question = CacheQuestion(
                pool: other.pool, topic: other.topic, rule: other.rule, common: nil, own: CacheKey(bytes),
                identity: other.identity)
            let lead = try #require(ticket(look(&board, question)))
            _ = board.land(lead, try answer("\(number)"), keep(isForEveryone: false), at: at(0))
        }
        #expect(board.costBytes <= 100_000)
        #expect(board.evictionCounts.evictions > 1_000)
    }
}
