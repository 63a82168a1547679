package import NIOCore
import Resilience
package import Wire

/// An answer as it is kept: its bytes, and where the two things stand that differ each time it is served.
package struct CachedAnswer: Hashable, Sendable {
    /// The answer as the backend gave it, without what concerned the one call only.
    package let bytes: ByteBuffer
    /// Where its id stands.
    package let id: ByteRange
    /// Where the number `result.ttlMs` stands; `nil` if there is none.
    package let timeToLive: ByteRange?

    /// Keeps the result that `envelope` found in `answer`; `nil` if that is not a result with an id.
    ///
    /// The trace context in `result._meta` is that of one call and is left out (MCP 2026-07-28, Caching; W3C Trace Context).
    package init?(_ envelope: JSONRPCEnvelope, in answer: ByteView) {
        guard envelope.kind == .result, let id = envelope.id?.range else { return nil }
        let hints = AnswerHints(envelope, in: answer)
        var bytes = ByteBuffer()
        guard let meta = hints.meta, let cleaned = Self.withoutTrace(answer[meta]) else {
            bytes.writeBytes(answer.raw)
            self.init(bytes: bytes, id: id, timeToLive: hints.timeToLiveRange)
            return
        }
        bytes.writeBytes(answer.slice(from: 0, to: Int(meta.start)).raw)
        bytes.writeJSON(cleaned)
        bytes.writeBytes(answer.slice(from: meta.end, to: answer.count).raw)
        let shift = bytes.readableBytes &- answer.count
        func moved(_ range: ByteRange) -> ByteRange { range.start < meta.start ? range : range.shifted(by: shift) }
        self.init(bytes: bytes, id: moved(id), timeToLive: hints.timeToLiveRange.map(moved))
    }

    /// An answer that was kept before; `nil` if the places are not within it or in each other.
    package init?(bytes: ByteBuffer, id: ByteRange, timeToLive: ByteRange?) {
        let length = bytes.readableBytes
        guard !id.isEmpty, id.end <= length else { return nil }
        if let timeToLive {
            guard !timeToLive.isEmpty, timeToLive.end <= length,
                timeToLive.end <= Int(id.start) || id.end <= Int(timeToLive.start)
            else { return nil }
        }
        self.bytes = bytes
        self.id = id
        self.timeToLive = timeToLive
    }

    /// What it takes in memory, in bytes; the tables around it included.
    package var costBytes: Int { bytes.readableBytes &+ 256 }

    /// How many bytes `write` appends for an id of `idCount` bytes.
    package func servedCount(idCount: Int, remaining: Duration) -> Int {
        let count = bytes.readableBytes &- id.count &+ idCount
        guard let timeToLive else { return count }
        return count &- timeToLive.count &+ CachedAnswer.milliseconds(remaining).decimalDigitCount
    }

    /// Whole milliseconds, rounded down; none if it is negative.
    private static func milliseconds(_ remaining: Duration) -> Int {
        Int(max(remaining, .zero).saturatedNanoseconds / 1_000_000)
    }

    /// Appends the answer with the caller's own `id`, which is JSON, and with what `remains` of its time to live in whole
    /// milliseconds, rounded down: a receiver starts to count anew (MCP 2026-07-28, Caching).
    ///
    /// An answer without `ttlMs` gets none: that would tell a receiver something which the server did not say.
    package func write(id newID: ByteView, remaining: Duration, into buffer: inout ByteBuffer) {
        bytes.withByteView { bytes in
            // The number has 20 bytes at most.
            buffer.reserveCapacity(minimumWritableBytes: bytes.count &+ newID.count &+ 20)
            var offset = 0
            func copy(to end: Int) {
                buffer.writeBytes(bytes.slice(from: offset, to: end).raw)
                offset = end
            }
            func writeID() {
                copy(to: Int(id.start))
                buffer.writeBytes(newID.raw)
                offset = id.end
            }
            let isTimeFirst = timeToLive.map { $0.start < id.start } ?? false
            if !isTimeFirst { writeID() }
            if let timeToLive {
                copy(to: Int(timeToLive.start))
                buffer.writeDecimal(CachedAnswer.milliseconds(remaining))
                offset = timeToLive.end
            }
            if isTimeFirst { writeID() }
            copy(to: bytes.count)
        }
    }

    /// `meta` without the names of a trace context; `nil` if it has none of them.
    private static func withoutTrace(_ meta: ByteView) -> JSONValue? {
        let traceNames: [StaticString] = ["traceparent", "tracestate", "baggage"]
        let whole = ByteRange(start: 0, length: meta.count)
        guard traceNames.contains(where: { JSONMemberRanges.value(of: $0, in: whole, meta) != nil }),
            var value = try? JSONValue.parse(meta)
        else { return nil }
        for name in traceNames { value["\(name)"] = nil }
        return value
    }
}

extension Int {
    /// How many digits the number has, which is not negative.
    fileprivate var decimalDigitCount: Int {
        var count = 1
        var rest = self / 10
        while rest > 0 {
            count &+= 1
            rest /= 10
        }
        return count
    }
}
