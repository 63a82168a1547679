/// Asking the client something while a call runs.
///
/// The same for clients of both eras. A legacy client is sent a request and answers it. A modern one gets an unfinished
/// result that says what is needed, and calls again with the answer: the handler then **runs again from its start**, and
/// gets at once what was answered before. So whatever must not happen twice belongs behind the last question, and the
/// questions of a handler must follow from its arguments and the answers alone.
extension CallContext {
    /// What the client can be asked for.
    public var clientCapabilities: ClientCapabilities { exchange?.capabilities ?? ClientCapabilities() }

    /// How long a legacy client may take for an answer unless told otherwise: a person may have to be found.
    public static let patience = Duration.seconds(300)

    /// Has the user fill in a form.
    ///
    /// - Parameters:
    ///   - key: tells the question from others of the same call; by default they are numbered.
    ///   - timeout: how long a legacy client may take.
    /// - Throws: `ClientRequestError` when it cannot be asked or does not answer as it should; let other errors pass.
    public func elicit(
        _ message: String, _ form: ElicitationForm, key: String? = nil, timeout: Duration = patience
    ) async throws -> ElicitationResult {
        let answer = try await ask(.elicit(message, form), key, timeout)
        guard case .elicitation(let result) = answer else {
            throw ClientRequestError.invalidAnswer("not an elicitation")
        }
        return result
    }

    /// Sends the user to a page, for what must not pass through the client, such as a password; parameters as above.
    ///
    /// Accepting means no more than that the page will be opened. Whoever opens it must prove to be the user who called.
    public func elicit(
        _ message: String, url: String, key: String? = nil, timeout: Duration = patience
    ) async throws -> ElicitationResult {
        let answer = try await ask(.elicit(message, url: url), key, timeout)
        guard case .elicitation(let result) = answer else {
            throw ClientRequestError.invalidAnswer("not an elicitation")
        }
        return result
    }

    /// Asks the client's language model; parameters as above.
    public func sample(
        _ request: SamplingRequest, key: String? = nil, timeout: Duration = patience
    ) async throws -> SamplingResult {
        let answer = try await ask(.sample(request), key, timeout)
        guard case .sampling(let result) = answer else { throw ClientRequestError.invalidAnswer("not a message") }
        return result
    }

    /// Asks in which folders the client works; parameters as above.
    public func roots(key: String? = nil, timeout: Duration = patience) async throws -> [Root] {
        let answer = try await ask(.roots, key, timeout)
        guard case .roots(let roots) = answer else { throw ClientRequestError.invalidAnswer("not a list of roots") }
        return roots
    }

    /// Asks several things at once, which saves a modern client a round for each; parameters as above.
    public func ask(
        _ requests: KeyValuePairs<String, ClientRequest>, timeout: Duration = patience
    ) async throws -> [String: ClientRequest.Answer] {
        try await ask(requests.map { ($0.key, $0.value) }, timeout)
    }

    private func ask(
        _ request: ClientRequest, _ key: String?, _ timeout: Duration
    ) async throws -> ClientRequest.Answer {
        guard let exchange else { throw ClientRequestError.unreachable }
        let key = key ?? exchange.nextKey()
        guard let answer = try await ask([(key, request)], timeout)[key] else { throw ClientRequestError.unreachable }
        return answer
    }

    private func ask(
        _ requests: [(key: String, request: ClientRequest)], _ timeout: Duration
    ) async throws -> [String: ClientRequest.Answer] {
        guard let exchange else { throw ClientRequestError.unreachable }
        var questions: [ClientQuestion] = []
        for (key, request) in requests {
            let parameters = try request.parameters(version, exchange.capabilities, id: exchange.identifier(of: key))
            questions.append(ClientQuestion(key: key, request: request, parameters: parameters))
        }
        return try await exchange.ask(questions, timeout)
    }
}
