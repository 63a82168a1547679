/// What a server has to say to a message: now, or once a handler is done.
public enum Reply: Sendable {
    /// The answer.
    case ready(Answer)
    /// Runs the handler and gives the answer; what the handler says before goes to the outlet, if there is one. Cancelling
    /// the task cancels the handler.
    case pending(@Sendable ((any MessageOutlet)?) async -> Answer)

    /// The reply to a batch: the answers in the order of their requests, one after another.
    static func joined(_ replies: [Reply]) -> Reply {
        var answers: [Answer] = []
        for reply in replies {
            guard case .ready(let answer) = reply else {
                return .pending { outlet in
                    var answers: [Answer] = []
                    for reply in replies { answers.append(await reply.answer(through: outlet)) }
                    return Answer.joined(answers)
                }
            }
            answers.append(answer)
        }
        return .ready(Answer.joined(answers))
    }

    /// The answer, waited for if need be; what comes before it goes to `outlet`.
    public func answer(through outlet: (any MessageOutlet)? = nil) async -> Answer {
        switch self {
        case .ready(let answer): answer
        case .pending(let work): await work(outlet)
        }
    }
}
