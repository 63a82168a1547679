import Wire

/// Something that a handler wants to know from the client.
public struct ClientRequest: Sendable {
    enum Kind: Sendable {
        case form(message: String, ElicitationForm)
        case page(message: String, url: String)
        case sampling(SamplingRequest)
        case roots
    }

    let kind: Kind

    /// Has the user fill in a form.
    public static func elicit(_ message: String, _ form: ElicitationForm) -> ClientRequest {
        ClientRequest(kind: .form(message: message, form))
    }

    /// Sends the user to a page, for what must not pass through the client.
    public static func elicit(_ message: String, url: String) -> ClientRequest {
        ClientRequest(kind: .page(message: message, url: url))
    }

    /// Asks the client's language model.
    public static func sample(_ request: SamplingRequest) -> ClientRequest {
        ClientRequest(kind: .sampling(request))
    }

    /// Asks in which folders the client works.
    public static var roots: ClientRequest { ClientRequest(kind: .roots) }

    var method: MCPMethod {
        switch kind {
        case .form, .page: .elicitationCreate
        case .sampling: .samplingCreateMessage
        case .roots: .rootsList
        }
    }

    /// The parameters as the revision knows them; throws what the client would need in order to be asked. `id` tells pages
    /// apart, in the revision that wants it.
    func parameters(
        _ version: MCPProtocolVersion, _ capabilities: ClientCapabilities, id: String
    ) throws(ClientRequestError) -> JSONValue {
        switch kind {
        case .form(let message, let form):
            guard capabilities.showsForms, let schema = form.schema(version) else {
                throw .notSupported(version >= .v2025_11_25 ? ["elicitation": ["form": [:]]] : ["elicitation": [:]])
            }
            return ["message": .string(message), "requestedSchema": schema]
        case .page(let message, let url):
            guard capabilities.opensURLs else { throw .notSupported(["elicitation": ["url": [:]]]) }
            var parameters: JSONObject = ["mode": "url", "message": .string(message), "url": .string(url)]
            if version == .v2025_11_25 { parameters["elicitationId"] = .string(id) }
            return .object(parameters)
        case .sampling(let request):
            guard capabilities.samples else { throw .notSupported(["sampling": [:]]) }
            guard capabilities.samplesWithTools || (request.tools == nil && request.toolChoice == nil) else {
                throw .notSupported(["sampling": ["tools": [:]]])
            }
            return request.parameters(version)
        case .roots:
            guard capabilities.listsRoots else { throw .notSupported(["roots": [:]]) }
            return [:]
        }
    }

    /// What a client has answered.
    public enum Answer: Sendable {
        /// What the user did.
        case elicitation(ElicitationResult)
        /// What the language model said.
        case sampling(SamplingResult)
        /// Where it works.
        case roots([Root])
    }

    /// What the client's result says.
    func answer(_ result: JSONValue) throws(ClientRequestError) -> Answer {
        switch kind {
        case .form(_, let form): .elicitation(try ElicitationResult(result, form))
        case .page: .elicitation(try ElicitationResult(result, nil))
        case .sampling: .sampling(try SamplingResult(result))
        case .roots: .roots(try Root.all(in: result))
        }
    }
}
