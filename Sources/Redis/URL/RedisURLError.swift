/// What is wrong with a URL that should say where a Redis is.
///
/// Shows the part that is wrong, and never the user or the password.
package struct RedisURLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The parts of a URL.
    package enum Part: String, Sendable {
        case scheme, userinfo = "user and password", host, port, database, path, query
    }

    /// The part that is wrong.
    package let part: Part
    /// How it must be, and how it is where that is no secret; begins with "must".
    package let reason: String

    init(_ part: Part, _ reason: String) {
        self.part = part
        self.reason = reason
    }

    /// A sentence.
    package var description: String { "the \(part.rawValue) of a Redis URL \(reason)" }
}
