import NIOCore
import Testing
import Wire

@testable import Gateway

@Suite struct `Cached answer` {
    private func cached(_ text: String) throws -> CachedAnswer {
        try #require(try ScannedMessage(text).cached)
    }

    @Test(arguments: [
        (
            #"{"jsonrpc":"2.0","id":1,"result":{"ttlMs":60000,"tools":[]}}"#,
            #"{"jsonrpc":"2.0","id":"x","result":{"ttlMs":41999,"tools":[]}}"#
        ),
        (
            #" { "result" : { "tools" : [] , "ttlMs" : 6e4 } , "id" : "a long one" , "jsonrpc" : "2.0" } "#,
            #" { "result" : { "tools" : [] , "ttlMs" : 41999 } , "id" : "x" , "jsonrpc" : "2.0" } "#
        ),
        (
            #"{"id":1,"jsonrpc":"2.0","result":{"tools":[{"ttlMs":1,"id":1}]}}"#,
            #"{"id":"x","jsonrpc":"2.0","result":{"tools":[{"ttlMs":1,"id":1}]}}"#
        ),
        (
            #"{"id":1,"jsonrpc":"2.0","result":{"ttlMs":"60000"}}"#,
            #"{"id":"x","jsonrpc":"2.0","result":{"ttlMs":"60000"}}"#
        ),
    ])
    func `is served with the caller's own id and what remains of its time`(answer: String, served: String) throws {
        let remaining = Duration.milliseconds(41_999) + .microseconds(900)
        #expect(try cached(answer).served(id: #""x""#, remaining: remaining) == served)
    }

    @Test func `is served with nothing left when it is stale`() throws {
        let answer = try cached(#"{"jsonrpc":"2.0","id":1,"result":{"ttlMs":60000}}"#)
        let served = #"{"jsonrpc":"2.0","id":-9223372036854775808,"result":{"ttlMs":0}}"#
        for remaining in [Duration.zero, .nanoseconds(999_999), .seconds(-1), .seconds(Int64.min)] {
            #expect(answer.served(id: "-9223372036854775808", remaining: remaining) == served)
        }
        #expect(
            answer.served(id: "2", remaining: .seconds(Int64.max))
                == #"{"jsonrpc":"2.0","id":2,"result":{"ttlMs":9223372036854}}"#)
    }

    @Test(arguments: [
        (
            #"{"id":1,"jsonrpc":"2.0","result":{"_meta":{"traceparent":"00-a","io.modelcontextprotocol/serverInfo":{"name":"s"}},"ttlMs":5}}"#,
            #"{"id":7,"jsonrpc":"2.0","result":{"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s"}},"ttlMs":3}}"#
        ),
        (
            #"{"jsonrpc":"2.0","result":{"ttlMs":5,"_meta":{ "trace\u0073tate":"a", "x": 1.0, "baggage":"b" }},"id":1}"#,
            #"{"jsonrpc":"2.0","result":{"ttlMs":3,"_meta":{"x":1.0}},"id":7}"#
        ),
        (
            #"{"jsonrpc":"2.0","result":{"_meta":{ "x" : 1 },"contents":[{"_meta":{"baggage":1}}]},"id":1}"#,
            #"{"jsonrpc":"2.0","result":{"_meta":{ "x" : 1 },"contents":[{"_meta":{"baggage":1}}]},"id":7}"#
        ),
    ])
    func `keeps nothing of the trace of the call that brought it`(answer: String, served: String) throws {
        #expect(try cached(answer).served(id: "7", remaining: .milliseconds(3)) == served)
    }

    @Test func `is a result with an id`() throws {
        for text in [
            #"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}"#, #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
            #"{"jsonrpc":"2.0","method":"ping"}"#,
        ] {
            #expect(try ScannedMessage(text).cached == nil)
        }
    }

    @Test func `has its places within itself and not in each other`() {
        func answer(_ id: Range<Int>, _ time: Range<Int>?) -> CachedAnswer? {
            func range(_ range: Range<Int>) -> ByteRange { ByteRange(from: range.lowerBound, to: range.upperBound) }
            return CachedAnswer(
                bytes: ByteBuffer(string: "0123456789"), id: range(id), hints: .given(timeToLive: time.map(range)))
        }
        #expect(answer(0..<10, nil) != nil && answer(0..<5, 5..<10) != nil && answer(5..<10, 0..<5) != nil)
        #expect(answer(0..<0, nil) == nil && answer(0..<11, nil) == nil && answer(11..<12, nil) == nil)
        #expect(answer(0..<5, 4..<6) == nil && answer(0..<5, 0..<5) == nil && answer(2..<3, 1..<4) == nil)
        #expect(answer(0..<5, 5..<11) == nil && answer(0..<5, 6..<6) == nil)
        func apart(_ place: UInt32) -> CachedAnswer? {
            CachedAnswer(
                bytes: ByteBuffer(string: "0123456789"), id: ByteRange(from: 3, to: 6),
                hints: .apart(at: place, .public))
        }
        #expect(apart(1) != nil && apart(3) != nil && apart(6) != nil && apart(9) != nil)
        #expect(apart(0) == nil && apart(4) == nil && apart(5) == nil && apart(10) == nil && apart(.max) == nil)
    }

    /// Rows: the answer; as a client of sessions gets it; as one of 2026-07-28 does.
    @Test(arguments: [
        (
            #"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","tools":[],"ttlMs":60000,"cacheScope":"public"}}"#,
            #"{"jsonrpc":"2.0","id":7,"result":{"tools":[]}}"#,
            #"{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","ttlMs":1500,"cacheScope":"private","tools":[]}}"#
        ),
        (
            #"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"ttlMs"}],"nextCursor":""}}"#,
            #"{"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"ttlMs"}],"nextCursor":""}}"#,
            #"{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","ttlMs":1500,"cacheScope":"private","tools":[{"name":"ttlMs"}],"nextCursor":""}}"#
        ),
        (
            #" { "result" : { "cacheScope" : "public" , "tools" : [ ] } , "id" : "long" , "jsonrpc" : "2.0" } "#,
            #" { "result" : {"tools" : [ ]} , "id" : 7 , "jsonrpc" : "2.0" } "#,
            #" { "result" : {"resultType":"complete","ttlMs":1500,"cacheScope":"private","tools" : [ ]} , "id" : 7 , "jsonrpc" : "2.0" } "#
        ),
        (
            #"{"id":1,"jsonrpc":"2.0","result":{ "ttlMs" : 5 }}"#, #"{"id":7,"jsonrpc":"2.0","result":{}}"#,
            #"{"id":7,"jsonrpc":"2.0","result":{"resultType":"complete","ttlMs":1500,"cacheScope":"private"}}"#
        ),
        (
            #"{"id":1,"jsonrpc":"2.0","result":{"_meta":{"traceparent":"00-a","x":1.0},"tools":[]}}"#,
            #"{"id":7,"jsonrpc":"2.0","result":{"_meta":{"x":1.0},"tools":[]}}"#,
            #"{"id":7,"jsonrpc":"2.0","result":{"resultType":"complete","ttlMs":1500,"cacheScope":"private","_meta":{"x":1.0},"tools":[]}}"#
        ),
    ])
    func `serves clients of all revisions as each knows it`(answer: String, legacy: String, modern: String) throws {
        let answer = try #require(try ScannedMessage(answer).cachedAcrossRevisions(.private))
        #expect(answer.served(id: "7", era: .legacy, remaining: .milliseconds(1_500)) == legacy)
        #expect(answer.served(id: "7", era: .modern, remaining: .milliseconds(1_500)) == modern)
    }

    @Test func `says for whom it is where that is asked for`() throws {
        let answer = try ScannedMessage(#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#)
        let open = try #require(answer.cachedAcrossRevisions(.public)).served(id: "2", remaining: .seconds(1))
        #expect(
            open
                == #"{"jsonrpc":"2.0","id":2,"result":{"resultType":"complete","ttlMs":1000,"cacheScope":"public","content":[]}}"#
        )
        let tool = try #require(answer.cachedAcrossRevisions(.untold)).served(id: "2", remaining: .seconds(1))
        #expect(tool == #"{"jsonrpc":"2.0","id":2,"result":{"resultType":"complete","content":[]}}"#)
        let number = try ScannedMessage(#"{"jsonrpc":"2.0","id":1,"result":5}"#)
        #expect(number.cachedAcrossRevisions(.public) == nil)
    }

    /// Whatever is spliced, it is an answer to the caller that says the same.
    @Test func `stays an answer whatever the id and the time`() throws {
        for id in ["0", #""""#, #""\"}""#, "18446744073709551615"] {
            for text in [
                #"{"jsonrpc":"2.0","id":"1","result":{"resultType":"complete","tools":[{"n":1}],"ttlMs":1e3}}"#,
                #"{"result":{"ttlMs":9,"resultType":"complete","tools":[{"n":1}]},"jsonrpc":"2.0","id":5}"#,
            ] {
                let served = try ScannedMessage(try cached(text).served(id: id, remaining: .seconds(2)))
                let servedID = try #require(served.envelope.id)
                #expect(served.withView { $0[servedID.range].string } == id)
                let hints = served.withView { AnswerHints(served.envelope, in: $0) }
                #expect(hints.timeToLive == .seconds(2) && hints.completeness == .complete)
            }
        }
    }

    @Test(
        arguments: [
            (.hit, .milliseconds(2_999), "X-Cache: hit\r\nAge: 2\r\n\r\n"),
            (.stale, .seconds(-3), "X-Cache: stale\r\nAge: 0\r\n\r\n"), (.miss, .seconds(9), "X-Cache: miss\r\n\r\n"),
        ] as [(CacheOutcome, Duration, String)])
    func `goes with fields that say where it comes from`(outcome: CacheOutcome, age: Duration, fields: String) {
        var head = HTTPHeadWriter(ByteBuffer(), reserving: 64)
        outcome.writeFields(age: age, into: &head)
        #expect(String(buffer: head.finish()) == fields)
        #expect(fields.contains("\(outcome.text)"))
    }
}
