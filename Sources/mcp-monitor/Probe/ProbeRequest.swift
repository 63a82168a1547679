/// One request of a probe, without what depends on the place that it is sent to.
struct ProbeRequest: Hashable, Sendable {
    /// What it asks.
    var step: ProbeStep
    /// `GET`, `POST` or `DELETE`.
    var verb: String
    /// The id of its JSON-RPC message; `nil` where no JSON-RPC answer is awaited.
    var id: Int?
    /// Header lines of its own, with line ends.
    var lines = ""
    /// The body; empty for none.
    var body = ""
    /// The session that it belongs to.
    var session: ProbeSession?
}

/// A session that a legacy server has opened.
struct ProbeSession: Hashable, Sendable {
    /// The session's id, visible ASCII.
    var id: String
    /// Who has opened it: to nobody else the id is sent.
    var origin: ServerURL.Origin
}
