import NIOCore
import Wire

/// What the head of a backend's answer says about the try (reliability: outcomes of a try, one row after another).
enum AnswerRules {
    enum Verdict {
        /// Receive all of it, check it, pass it on.
        case hold
        /// Pass it on event by event.
        case stream
        /// The backend wants to be left alone for a while; it did nothing.
        case refused(retryAfterSeconds: Int)
        /// The backend failed.
        case fail(AttemptOutcome)

        /// Whether an answer follows that goes on, as far as its head can tell.
        var isGood: Bool {
            switch self {
            case .hold, .stream: true
            case .refused, .fail: false
            }
        }

        /// What the backend has asked for, in seconds; 0 if nothing.
        var retryAfterSeconds: Int {
            if case .refused(let seconds) = self { seconds } else { 0 }
        }

        /// How an attempt ended whose answer goes no further than this.
        var outcome: AttemptOutcome {
            switch self {
            case .hold, .stream: .superseded
            case .refused: .refused
            case .fail(let outcome): outcome
            }
        }
    }

    static func judge(_ head: HTTPResponseHead, _ bytes: ByteView, call: Call) -> Verdict {
        switch head.status {
        case 429, 503:
            if let seconds = retryAfter(head.fields, bytes) { return .refused(retryAfterSeconds: seconds) }
            return head.status == 429 ? .hold : .fail(.serverError)
        case 500...599:
            return .fail(.serverError)
        case 401, 403:
            // The credentials of the gateway's leg; nothing that the client could mend.
            return .fail(.unauthorized)
        case 400...499:
            // Some servers word even their errors as events for a client that takes nothing else.
            return isEventStream(head.fields, bytes) && call.httpMethod == .post ? .stream : .hold
        case 200...299:
            break
        default:
            return .fail(.protocolError)
        }
        if let coding = head.fields[.contentEncoding], !bytes[coding].equalsIgnoringCase("identity") {
            return .fail(.protocolError)
        }
        let type = head.fields[.contentType].map { bytes[$0].withoutParameters }
        if let type, type.equalsIgnoringCase("text/event-stream") {
            return head.status == 200 && call.httpMethod != .delete ? .stream : .fail(.protocolError)
        }
        if call.httpMethod == .get { return .fail(.protocolError) }
        if call.expectedAnswerCount > 0 {
            guard head.status == 200, let type, type.equalsIgnoringCase("application/json") else {
                return .fail(.protocolError)
            }
        }
        return .hold
    }

    private static func isEventStream(_ fields: HTTPFields, _ bytes: ByteView) -> Bool {
        guard let type = fields[.contentType] else { return false }
        return bytes[type].withoutParameters.equalsIgnoringCase("text/event-stream")
    }

    /// `Retry-After` in seconds (RFC 9110 §10.2.3); a date counts as one second, because clocks differ.
    private static func retryAfter(_ fields: HTTPFields, _ bytes: ByteView) -> Int? {
        guard let range = fields[.retryAfter], range.count > 0 else { return nil }
        var seconds = 0
        for offset in range.range {
            let digit = bytes[offset] &- 0x30
            guard digit < 10 else { return 1 }
            seconds = min(seconds * 10 + Int(digit), 86_400)
        }
        return seconds
    }
}
