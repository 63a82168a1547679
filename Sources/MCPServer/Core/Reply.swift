/// What a server has to say to a message: now, or once a handler is done.
public enum Reply: Sendable {
    /// The answer.
    case ready(Answer)
    /// Runs the handler and gives the answer. Cancelling its task cancels the handler.
    case pending(@Sendable () async -> Answer)

    /// The reply to a batch: the answers in the order of their requests, one after another.
    static func joined(_ replies: [Reply]) -> Reply {
        var answers: [Answer] = []
        for reply in replies {
            guard case .ready(let answer) = reply else {
                return .pending {
                    var answers: [Answer] = []
                    for reply in replies { answers.append(await reply.answer) }
                    return Answer.joined(answers)
                }
            }
            answers.append(answer)
        }
        return .ready(Answer.joined(answers))
    }

    /// The answer, waited for if need be.
    public var answer: Answer {
        get async {
            switch self {
            case .ready(let answer): answer
            case .pending(let work): await work()
            }
        }
    }
}
