package import Wire

/// Whether an answer is kept, for how long and for whom.
package enum CacheVerdict: Hashable, Sendable {
    /// It is kept as long as `timeToLive`, which is more than nothing, for `audience`.
    case keep(timeToLive: Duration, audience: CacheAudience)
    /// It is not kept.
    case refuse(Reason)

    /// Why an answer is not kept.
    package enum Reason: Hashable, Sendable {
        /// Answers to this method, or to calls of this tool, are not kept.
        case method
        /// The call carried `inputResponses` or `requestState`: the answer is right for this one call.
        case roundTrip
        /// The answer is not a result that is an object.
        case noResult
        /// A tool has failed.
        case toolError
        /// `resultType` is not `complete`: the server asks something back, or it is a task.
        case incomplete
        /// No time to live was given, or none that is more than nothing.
        case noTimeToLive
        /// The answer is for the caller alone, and nothing is known of who that is.
        case noIdentity
    }

    /// The reason why no answer to the call can be kept, so that none needs to be looked for; `nil` if one can.
    package static func refusal(of method: MCPMethod, _ call: JSONRPCEnvelope, rule: CacheRule) -> Reason? {
        guard call.kind == .request else { return .method }
        switch method {
        case .toolsCall: if rule.lifetime == nil || !rule.isRepeatable { return .method }
        default: if !method.isCacheable { return .method }
        }
        return call.hasInputResponses || call.hasRequestState ? .roundTrip : nil
    }

    /// The verdict on the answer that `answer` found in `bytes` and that came to `call` of `method` from `identity`, `nil` if
    /// nothing is known of the caller. What an answer says goes before the rule; it does not for tools, which have no say.
    package init(
        _ answer: JSONRPCEnvelope, in bytes: ByteView, to call: JSONRPCEnvelope, method: MCPMethod, rule: CacheRule,
        identity: [UInt8]?
    ) {
        self = Self.judge(answer, in: bytes, to: call, method: method, rule: rule, identity: identity)
    }

    private static func judge(
        _ answer: JSONRPCEnvelope, in bytes: ByteView, to call: JSONRPCEnvelope, method: MCPMethod, rule: CacheRule,
        identity: [UInt8]?
    ) -> CacheVerdict {
        if let reason = refusal(of: method, call, rule: rule) { return .refuse(reason) }
        guard answer.kind == .result, answer.resultKind == .object else { return .refuse(.noResult) }
        let hints = AnswerHints(answer, in: bytes)
        guard !hints.isToolError else { return .refuse(.toolError) }
        guard hints.completeness != .incomplete else { return .refuse(.incomplete) }
        // The hints of an answer that does not call itself complete are not those of the revision that has hints.
        let hasSay = hints.completeness == .complete && method != .toolsCall
        let timeToLive = (hasSay ? hints.timeToLive : nil) ?? rule.lifetime ?? .zero
        guard timeToLive > .zero else { return .refuse(.noTimeToLive) }
        if hasSay, hints.isPublic { return .keep(timeToLive: timeToLive, audience: .everyone) }
        guard let identity else { return .refuse(.noIdentity) }
        return .keep(timeToLive: timeToLive, audience: .identity(identity))
    }
}
