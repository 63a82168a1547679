/// What an answer means for where a request goes (RFC 9110 §15.4).
enum Redirect: Hashable, Sendable {
    /// It is the answer.
    case none
    /// The same request, at another place.
    case follow(ServerURL)
    /// It leads where no request may go; why.
    case refuse(String)

    /// Judges the answer to a request with method `verb` that went to `url`.
    init(_ answer: ProbeAnswer, verb: String, from url: ServerURL) {
        switch answer.status {
        case 307, 308: self = Redirect.follow(answer, from: url)
        case 301, 302, 303:
            // Clients have always made a GET of a POST here, which no MCP endpoint answers.
            self =
                verb == "GET"
                ? Redirect.follow(answer, from: url)
                : .refuse(
                    "the answer has status \(answer.status), which would turn \(verb) into GET, as 307 and 308 do not"
                )
        default: self = .none
        }
    }

    private static func follow(_ answer: ProbeAnswer, from url: ServerURL) -> Redirect {
        guard let location = answer.location else {
            return .refuse("the answer has status \(answer.status) without a Location")
        }
        guard let next = url.resolving(location) else {
            return .refuse("the redirect leads to \(ProbeFailure.quoted(location)), which is no URL of HTTP")
        }
        guard next.origin.isSecure || !url.origin.isSecure else {
            return .refuse("the redirect leads from https to http")
        }
        return .follow(next)
    }
}
