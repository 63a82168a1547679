package import Wire

/// Whether an answer is kept, for how long and for whom.
package enum CacheVerdict: Hashable, Sendable {
    /// It is kept as long as `timeToLive`, which is more than nothing; for everybody, or for its caller alone.
    case keep(timeToLive: Duration, isForEveryone: Bool)
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
        /// The answer came on a stream behind other messages, which would be lost to whoever is served it later.
        case otherMessages

        /// Whether the next answer to the same call is as likely to be kept as not.
        package var isPassing: Bool {
            switch self {
            case .noResult, .toolError, .incomplete, .otherMessages: true
            case .method, .roundTrip, .noTimeToLive, .noIdentity: false
            }
        }
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

    /// The verdict on the answer that `answer` found in `bytes` and that came to `call` of `method` from somebody who is
    /// known if `hasIdentity`. What an answer says goes before the rule; it does not for tools, which have no say.
    package init(
        _ answer: JSONRPCEnvelope, in bytes: ByteView, to call: JSONRPCEnvelope, method: MCPMethod, rule: CacheRule,
        hasIdentity: Bool
    ) {
        self = Self.judge(answer, in: bytes, to: call, method: method, rule: rule, hasIdentity: hasIdentity)
    }

    private static func judge(
        _ answer: JSONRPCEnvelope, in bytes: ByteView, to call: JSONRPCEnvelope, method: MCPMethod, rule: CacheRule,
        hasIdentity: Bool
    ) -> CacheVerdict {
        if let reason = refusal(of: method, call, rule: rule) { return .refuse(reason) }
        guard answer.kind == .result, answer.resultKind == .object else { return .refuse(.noResult) }
        let hints = AnswerHints(answer, in: bytes)
        guard !hints.isToolError else { return .refuse(.toolError) }
        guard hints.completeness != .incomplete else { return .refuse(.incomplete) }
        // The hints of an answer that does not call itself complete are not those of the revision that has hints.
        let hasSay = hints.completeness == .complete && method != .toolsCall && rule.usesHints
        let timeToLive = (hasSay ? hints.timeToLive : nil) ?? rule.lifetime ?? .zero
        guard timeToLive > .zero else { return .refuse(.noTimeToLive) }
        // Whoever says how long, and not for whom, means the caller.
        let isUntold = !hasSay || (hints.timeToLive == nil && hints.isPublic == nil)
        let isForEveryone = isUntold ? rule.isPublic : hints.isPublic ?? false
        guard isForEveryone || hasIdentity else { return .refuse(.noIdentity) }
        return .keep(timeToLive: timeToLive, isForEveryone: isForEveryone)
    }
}
