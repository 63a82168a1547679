public import Wire

/// What a user did with what they were asked.
public enum ElicitationResult: Hashable, Sendable {
    /// They have filled in the form: its values by name. Of a page, that they are willing to open it.
    case accept(JSONValue)
    /// They have said no.
    case decline
    /// They have gone away without an answer.
    case cancel

    /// The value of a field, if the form was filled in and has it.
    public subscript(_ name: String) -> JSONValue? {
        if case .accept(let values) = self { values[name] } else { nil }
    }

    /// The word that stands for it in messages.
    public var action: String {
        switch self {
        case .accept: "accept"
        case .decline: "decline"
        case .cancel: "cancel"
        }
    }

    /// What an `ElicitResult` says; with a form, its content must be what the form asks for.
    init(_ result: JSONValue, _ form: ElicitationForm?) throws(ClientRequestError) {
        switch result["action"]?.stringValue {
        case "accept":
            guard let form else {
                self = .accept([:])
                return
            }
            let content = result["content"] ?? [:]
            if let complaint = form.complaint(about: content) { throw .invalidAnswer("content: \(complaint)") }
            self = .accept(content)
        case "decline": self = .decline
        case "cancel": self = .cancel
        default: throw ClientRequestError.invalidAnswer("action must be accept, decline or cancel")
        }
    }
}
