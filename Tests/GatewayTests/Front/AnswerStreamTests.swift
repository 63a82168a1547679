import NIOCore
import Testing
import Wire

@testable import Gateway

@Suite struct `a stream of answers` {
    private static let notification = "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\n\n"

    private func event(_ id: Int) -> String { "data: {\"jsonrpc\":\"2.0\",\"id\":\(id),\"result\":{}}\n\n" }

    private func makeStream(expecting count: Int) -> AnswerStream {
        let zero = NIODeadline.uptimeNanoseconds(0)
        return AnswerStream(
            expectedAnswerCount: count, holdsHead: false, isChunked: true, now: zero, endsAt: zero + .hours(1))
    }

    /// Judges as the shard does, without a call to compare with.
    private func judge(_ data: ByteView) -> AnswerStream.Event {
        var scratch = JSONScratch(seed: 1)
        guard let envelope = try? JSONRPCEnvelope.scan(data, scratch: &scratch) else { return .broken }
        return envelope.kind == .notification ? .passed : .answer(envelope)
    }

    private func take(_ text: String, into stream: inout AnswerStream) -> Bool {
        stream.take(ByteBuffer(string: text), judge: judge, onAnswer: { _, _ in })
    }

    @Test func `passes whole events on, however they were cut`() {
        let text = Self.notification + ": comment\n\n" + event(1)
        for cut in 0...text.utf8.count {
            var stream = makeStream(expecting: 1)
            let start = String(decoding: Array(text.utf8)[..<cut], as: UTF8.self)
            let rest = String(decoding: Array(text.utf8)[cut...], as: UTF8.self)
            let isGood = take(start, into: &stream) && take(rest, into: &stream)
            #expect(isGood && stream.isAnswered)
            #expect(String(buffer: stream.ready) == text)
        }
    }

    @Test func `is answered once, or as often as a batch asked`() {
        var single = makeStream(expecting: 1)
        let first = take(event(1), into: &single)
        let second = take(event(1), into: &single)
        #expect(first && !second)

        var batch = makeStream(expecting: 3)
        let one = take(event(1), into: &batch)
        #expect(one && !batch.isAnswered)
        let two = take(
            "data: [{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}},{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{}}]\n\n",
            into: &batch)
        #expect(two && batch.isAnswered)
        let three = take(event(4), into: &batch)
        #expect(!three)
    }

    @Test func `that only listens takes no answers`() {
        var stream = makeStream(expecting: 0)
        let notified = take(Self.notification, into: &stream)
        #expect(notified && !stream.isAnswered)
        let answered = take(event(1), into: &stream)
        #expect(!answered)
    }

    @Test func `does not keep what it has passed on when pieces never end with an event`() {
        var stream = makeStream(expecting: 0)
        let half = Self.notification.utf8.count / 2
        let start = String(Self.notification.prefix(half))
        let piece = String(Self.notification.dropFirst(half)) + start
        var isGood = take(start, into: &stream)
        for _ in 0..<20_000 {
            isGood = take(piece, into: &stream) && isGood
            stream.ready = ByteBuffer()
        }
        #expect(isGood)
        #expect(stream.pendingCapacity < 1_000_000)
    }
}
