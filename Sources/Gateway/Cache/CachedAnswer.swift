package import NIOCore
import Resilience
package import Wire

/// An answer as it is kept: its bytes, and where the things stand that differ each time it is served.
///
/// The hints of revision 2026-07-28 (`resultType`, `ttlMs`, `cacheScope`) are in it as the server gave them. Where one
/// answer serves clients of all revisions they are kept apart: clients that know them get them, whatever client it was
/// whose call has brought the answer.
package struct CachedAnswer: Hashable, Sendable {
    /// What is said of the hints.
    package enum Hints: Hashable, Sendable {
        /// They are among the bytes; here stands the number `result.ttlMs`, if there is one.
        case given(timeToLive: ByteRange?)
        /// They are not among the bytes; here they belong, in front of the first member of the result.
        case apart(at: UInt32, Scope)
    }

    /// For whom an answer is, as far as that is said.
    package enum Scope: UInt8, Hashable, Sendable {
        /// Nothing is said: only answers to lists and reads say it.
        case untold
        /// For its caller alone.
        case `private`
        /// For everybody.
        case `public`
    }

    /// The answer as the backend gave it, without what concerned the one call only.
    package let bytes: ByteBuffer
    /// Where its id stands.
    package let id: ByteRange
    /// What is said of the hints.
    package let hints: Hints

    /// Keeps the result that `envelope` found in `answer`; `nil` if that is not a result with an id.
    ///
    /// The trace context in `result._meta` is that of one call and is left out (MCP 2026-07-28, Caching; W3C Trace Context).
    package init?(_ envelope: JSONRPCEnvelope, in answer: ByteView) {
        guard envelope.kind == .result, let id = envelope.id?.range else { return nil }
        let hints = AnswerHints(envelope, in: answer)
        var bytes = ByteBuffer()
        guard let meta = hints.meta, let cleaned = Self.withoutTrace(answer[meta]) else {
            bytes.writeBytes(answer.raw)
            self.init(bytes: bytes, id: id, hints: .given(timeToLive: hints.timeToLiveRange))
            return
        }
        bytes.writeBytes(answer.slice(from: 0, to: Int(meta.start)).raw)
        bytes.writeJSON(cleaned)
        bytes.writeBytes(answer.slice(from: meta.end, to: answer.count).raw)
        let shift = bytes.readableBytes &- answer.count
        func moved(_ range: ByteRange) -> ByteRange { range.start < meta.start ? range : range.shifted(by: shift) }
        self.init(bytes: bytes, id: moved(id), hints: .given(timeToLive: hints.timeToLiveRange.map(moved)))
    }

    /// Keeps it for clients of all revisions; `scope` is what those are told who ask for whom it is.
    package init?(acrossRevisions envelope: JSONRPCEnvelope, in answer: ByteView, scope: Scope) {
        guard envelope.kind == .result, envelope.resultKind == .object, let id = envelope.id?.range,
            let result = envelope.result
        else { return nil }
        var bytes = ByteBuffer()
        bytes.reserveCapacity(answer.count)
        bytes.writeBytes(answer.slice(from: 0, to: Int(result.start)).raw)
        bytes.writeStaticString("{")
        let start = bytes.writerIndex
        for member in JSONMemberRanges(of: result, in: answer) {
            let names: [StaticString] = ["resultType", "ttlMs", "cacheScope"]
            guard !names.contains(where: { member.name.equals($0, in: answer) }) else { continue }
            if bytes.writerIndex > start { bytes.writeStaticString(",") }
            if member.name.equals("_meta", in: answer), member.value.kind == .object,
                let cleaned = Self.withoutTrace(answer[member.value.range])
            {
                bytes.writeStaticString(#""_meta":"#)
                bytes.writeJSON(cleaned)
            } else {
                bytes.writeBytes(answer[member.range].raw)
            }
        }
        bytes.writeStaticString("}")
        bytes.writeBytes(answer.slice(from: result.end, to: answer.count).raw)
        let shift = bytes.readableBytes &- answer.count
        self.init(
            bytes: bytes, id: id.start < result.start ? id : id.shifted(by: shift),
            hints: .apart(at: UInt32(clamping: start), scope))
    }

    /// An answer that was kept before; `nil` if the places are not within it or in each other.
    package init?(bytes: ByteBuffer, id: ByteRange, hints: Hints) {
        let length = bytes.readableBytes
        guard !id.isEmpty, id.end <= length else { return nil }
        switch hints {
        case .given(nil):
            break
        case .given(let timeToLive?):
            guard !timeToLive.isEmpty, timeToLive.end <= length,
                timeToLive.end <= Int(id.start) || id.end <= Int(timeToLive.start)
            else { return nil }
        case .apart(let place, _):
            guard place > 0, Int(place) < length, place <= id.start || id.end <= Int(place) else { return nil }
        }
        self.bytes = bytes
        self.id = id
        self.hints = hints
    }

    /// What it takes in memory, in bytes; the tables around it included.
    package var costBytes: Int { bytes.readableBytes &+ 256 }

    /// How many bytes `write` appends for an id of `idCount` bytes.
    package func servedCount(idCount: Int, era: MCPEra, remaining: Duration) -> Int {
        let count = bytes.readableBytes &- id.count &+ idCount
        switch hints {
        case .given(nil):
            return count
        case .given(let timeToLive?):
            return count &- timeToLive.count &+ CachedAnswer.milliseconds(remaining).decimalDigitCount
        case .apart(let place, let scope):
            return era == .modern ? count &+ hintsCount(scope, at: place, remaining: remaining) : count
        }
    }

    /// Whole milliseconds, rounded down; none if it is negative.
    private static func milliseconds(_ remaining: Duration) -> Int {
        Int(max(remaining, .zero).saturatedNanoseconds / 1_000_000)
    }

    /// Appends the answer with the caller's own `id`, which is JSON, and with what `remains` of its time to live in whole
    /// milliseconds, rounded down: a receiver starts to count anew (MCP 2026-07-28, Caching).
    ///
    /// An answer whose hints are its server's gets no `ttlMs` if it has none: that would tell a receiver something which the
    /// server did not say. One that serves all revisions has them for callers of the `era` that wants them.
    package func write(id newID: ByteView, era: MCPEra, remaining: Duration, into buffer: inout ByteBuffer) {
        bytes.withByteView { bytes in
            // The hints have 70 bytes at most.
            buffer.reserveCapacity(minimumWritableBytes: bytes.count &+ newID.count &+ 70)
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
            func writeHints() {
                switch hints {
                case .given(nil):
                    break
                case .given(let timeToLive?):
                    copy(to: Int(timeToLive.start))
                    buffer.writeDecimal(CachedAnswer.milliseconds(remaining))
                    offset = timeToLive.end
                case .apart(let place, let scope):
                    guard era == .modern else { return }
                    copy(to: Int(place))
                    write(scope, at: place, remaining: remaining, into: &buffer)
                }
            }
            if areHintsFirst {
                writeHints()
                writeID()
            } else {
                writeID()
                writeHints()
            }
            copy(to: bytes.count)
        }
    }

    private var areHintsFirst: Bool {
        switch hints {
        case .given(let timeToLive): timeToLive.map { $0.start < id.start } ?? false
        case .apart(let place, _): place <= id.start
        }
    }

    /// The hints of an answer whose hints are kept apart, as the first members of its result.
    private func write(_ scope: Scope, at place: UInt32, remaining: Duration, into buffer: inout ByteBuffer) {
        buffer.writeStaticString(Self.complete)
        if scope != .untold {
            buffer.writeStaticString(Self.timeToLive)
            buffer.writeDecimal(Self.milliseconds(remaining))
            buffer.writeStaticString(scope == .public ? Self.forEverybody : Self.forCaller)
        }
        if hasMembers(at: place) { buffer.writeStaticString(",") }
    }

    /// How many bytes that appends.
    private func hintsCount(_ scope: Scope, at place: UInt32, remaining: Duration) -> Int {
        let count = Self.complete.utf8CodeUnitCount &+ (hasMembers(at: place) ? 1 : 0)
        guard scope != .untold else { return count }
        return count &+ Self.timeToLive.utf8CodeUnitCount &+ Self.milliseconds(remaining).decimalDigitCount
            &+ (scope == .public ? Self.forEverybody : Self.forCaller).utf8CodeUnitCount
    }

    private func hasMembers(at place: UInt32) -> Bool {
        bytes.withByteView { $0[Int(place)] != UInt8(ascii: "}") }
    }

    private static let complete: StaticString = #""resultType":"complete""#
    private static let timeToLive: StaticString = #","ttlMs":"#
    private static let forEverybody: StaticString = #","cacheScope":"public""#
    private static let forCaller: StaticString = #","cacheScope":"private""#

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
