import Wire

/// The answer to one request of a probe, as far as a probe looks at it.
struct ProbeAnswer: Hashable, Sendable {
    /// What the body says as a JSON-RPC message.
    enum Message: Hashable, Sendable {
        /// Nothing that is one; why not, as the end of a sentence that begins with "the answer".
        case none(String)
        /// The result of our request.
        case result(JSONValue)
        /// The refusal of our request.
        case error(code: Int64, message: String, data: JSONValue?)
    }

    /// The HTTP status.
    var status: Int
    /// The message.
    var message = Message.none("has no body")
    /// The beginning of the body, for pages that are no JSON-RPC.
    var page: [UInt8] = []
    /// `Mcp-Session-Id`, if it is one.
    var sessionID: String?
    /// `Location`.
    var location: String?
    /// Who has answered.
    var origin: ServerURL.Origin
    /// Whether that is another one than the server itself, to which a redirect has led.
    var isFromElsewhere = false
}
