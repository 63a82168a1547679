package import Wire

/// What the result of an answer says of whether it may be kept (MCP 2026-07-28, Caching).
package struct AnswerHints: Hashable, Sendable {
    /// What `resultType` says.
    package enum Completeness: Hashable, Sendable {
        /// `complete`.
        case complete
        /// Nothing, as answers of legacy servers do.
        case untold
        /// Anything else: the call goes on.
        case incomplete
    }

    /// What `resultType` says.
    package var completeness = Completeness.untold
    /// `ttlMs`; zero if it is negative or not an integer of 64 bits, `nil` if it is absent.
    package var timeToLive: Duration?
    /// Where the number `ttlMs` stands; `nil` if it is something else or absent.
    package var timeToLiveRange: ByteRange?
    /// Whether `cacheScope` is `public`; whatever else it is, is private. `nil` if it is absent.
    package var isPublic: Bool?
    /// Whether `isError` is there and anything but `false`.
    package var isToolError = false
    /// Where `_meta` stands, if it is an object.
    package var meta: ByteRange?

    /// Reads the result that `envelope` found in `answer`; nothing if there is none or if it is not an object.
    package init(_ envelope: JSONRPCEnvelope, in answer: ByteView) {
        guard let result = envelope.result else { return }
        for member in JSONMemberRanges(of: result, in: answer) {
            let value = member.value
            if member.name.equals("ttlMs", in: answer) {
                timeToLive = Self.timeToLive(value, answer)
                if value.kind == .number { timeToLiveRange = value.range }
            } else if member.name.equals("cacheScope", in: answer) {
                isPublic = Self.isText(value, "public", answer)
            } else if member.name.equals("resultType", in: answer) {
                completeness = Self.isText(value, "complete", answer) ? .complete : .incomplete
            } else if member.name.equals("isError", in: answer) {
                isToolError = !answer[value.range].equals("false")
            } else if member.name.equals("_meta", in: answer), value.kind == .object {
                meta = value.range
            }
        }
    }

    private static func timeToLive(_ value: JSONValueRange, _ answer: ByteView) -> Duration {
        guard value.kind == .number, value.range.count <= 32,
            let milliseconds = JSONNumber(answer[value.range].string)?.int64
        else { return .zero }
        return .milliseconds(max(milliseconds, 0))
    }

    /// Whether the value is `text`, however it is escaped.
    private static func isText(_ value: JSONValueRange, _ text: StaticString, _ answer: ByteView) -> Bool {
        guard value.kind == .string else { return false }
        let inside = ByteRange(start: Int(value.range.start) &+ 1, length: value.range.count &- 2)
        return JSONText(range: inside, isEscaped: true).equals(text, in: answer)
    }
}
