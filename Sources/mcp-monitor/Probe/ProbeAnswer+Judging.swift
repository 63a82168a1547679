import Wire

extension ProbeAnswer {
    /// What is wrong with an answer that says nothing about MCP: the server is overloaded, broken, or wants credentials.
    func refusal(of step: ProbeStep) -> ProbeFailure? {
        switch status {
        case 401, 403, 407, 408, 429, 500...: badStatus(of: step)
        default: nil
        }
    }

    /// The result of a request, or what is wrong with its answer.
    func outcome(of step: ProbeStep) -> Result<JSONValue, ProbeFailure> {
        if let failure = refusal(of: step) { return .failure(failure) }
        switch message {
        case .error where status != 200:
            var failure = badStatus(of: step)
            // Nobody but an MCP server words a refusal like this; but the first thing that is asked of it may well go to
            // something else that speaks JSON-RPC.
            if failure.status == .httpError, step != .initialize { failure.status = .protocolError }
            return .failure(failure)
        case .error(let code, let text, _):
            return .failure(
                ProbeFailure(
                    .protocolError, "\(step.rawValue): refused with \(code): \(ProbeFailure.quoted(text))"))
        case .result(let result) where status == 200:
            return .success(result)
        case .result:
            return .failure(badStatus(of: step))
        case .none(let reason):
            guard status == 200 else { return .failure(badStatus(of: step)) }
            return .failure(ProbeFailure(.protocolError, "\(step.rawValue): the answer \(reason)"))
        }
    }

    /// Whether a refusal may come of asking in the wrong era: not one of load, faults or credentials.
    var isAboutEra: Bool {
        refusal(of: .discover) == nil && status >= 200
    }

    /// The failure that the status is, with the words of a JSON-RPC error if it came with one.
    func badStatus(of step: ProbeStep) -> ProbeFailure {
        var reason = "\(step.rawValue): the answer has status \(status)"
        if case .error(let code, let text, _) = message { reason += " (\(code): \(ProbeFailure.quoted(text)))" }
        guard [401, 403, 407].contains(status) else { return ProbeFailure(.httpError, reason) }
        if isFromElsewhere { reason += "; a redirect led to \(origin.authority), to which no credentials go" }
        return ProbeFailure(.authError, reason)
    }
}
