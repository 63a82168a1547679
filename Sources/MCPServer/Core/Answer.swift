public import NIOCore
public import Wire

/// The answer to one message, or to one batch.
public struct Answer: Sendable {
    /// The JSON text; empty when nothing is to be said (notifications and responses).
    public var body: ByteBuffer
    /// The status under which HTTP carries it.
    public var status: Int
    /// The method that was answered; `unknown` for what has none or one that is not in the specification.
    public var method: MCPMethod
    /// What went wrong, for metrics; `nil` if nothing did.
    public var problem: Problem?
    /// What an `initialize` has settled: the transport opens a session for it, if it has sessions.
    public var handshake: Handshake?

    /// What both sides know of each other after an `initialize`.
    public struct Handshake: Sendable {
        /// The revision that both speak.
        public var version: MCPProtocolVersion
        /// What the client can be asked for.
        public var capabilities: ClientCapabilities
    }

    /// An answer.
    public init(body: ByteBuffer, status: Int = 200, method: MCPMethod, problem: Problem? = nil) {
        self.body = body
        self.status = status
        self.method = method
        self.problem = problem
    }

    /// "Received": HTTP 202 without a body.
    static func accepted(_ method: MCPMethod) -> Answer {
        Answer(body: ByteBuffer(), status: 202, method: method)
    }

    /// The answers of a batch as one array; a batch of which nothing is to be answered is accepted.
    static func joined(_ answers: [Answer]) -> Answer {
        var body = ByteBuffer()
        for answer in answers where answer.body.readableBytes > 0 {
            body.writeInteger(UInt8(ascii: body.readableBytes == 0 ? "[" : ","))
            body.writeImmutableBuffer(answer.body)
        }
        guard body.readableBytes > 0 else { return .accepted(.unknown) }
        body.writeInteger(UInt8(ascii: "]"))
        return Answer(body: body, method: .unknown, problem: answers.lazy.compactMap(\.problem).first)
    }
}
