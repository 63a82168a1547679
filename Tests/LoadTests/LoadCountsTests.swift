import Testing

@testable import mcp_load

@Suite struct LoadCountsTests {
    @Test func `adds up what workers have counted`() {
        var one = LoadCounts()
        one.recordAnswer(nanoseconds: 1_000, bodyBytes: 10, isEventStream: false)
        one.recordFailure(.toolError)
        var two = LoadCounts()
        two.recordAnswer(nanoseconds: 3_000, bodyBytes: 20, isEventStream: true)
        two.recordFailure(.toolError)
        two.recordFailure(.wrongID)
        two.unsent = 4
        one.add(two)
        #expect(one.answered == 2)
        #expect(one.eventStreams == 1)
        #expect(one.bodyBytes == 30)
        #expect(one.failures == [.toolError: 2, .wrongID: 1])
        #expect(one.wrongAnswers == 1)
        #expect(one.finished == 5)
        #expect(one.unsent == 4)
        #expect(one.latency.totalCount == 2)
        #expect(one.latency.max >= 3_000)
    }

    @Test func `counts any number of reasons in bounded memory`() {
        var counts = LoadCounts()
        for code in 0..<1_000 { counts.recordFailure(.rpcError(code)) }
        #expect(counts.failures.count == 64)
        #expect(counts.failed == 1_000)
        #expect(counts.wrongAnswers == 0)
    }

    @Test func `takes latencies that no call can have`() {
        var counts = LoadCounts()
        counts.recordAnswer(nanoseconds: -5, bodyBytes: 0, isEventStream: false)
        counts.recordAnswer(nanoseconds: .max, bodyBytes: 0, isEventStream: false)
        #expect(counts.latency.totalCount == 2)
    }
}
