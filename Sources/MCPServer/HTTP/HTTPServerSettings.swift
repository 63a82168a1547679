/// How an MCP server is reached over HTTP, and what it takes from a client.
public struct HTTPServerSettings: Sendable {
    /// A host name or an IP address, without brackets.
    public var host = "127.0.0.1"
    /// The port; 0 lets the system choose.
    public var port = 9_000
    /// The path of a unix-domain socket to listen on, in place of `host` and `port`. Its file is removed at the end; one that
    /// a dead process has left is replaced.
    public var socketPath: String?
    /// The permissions of that file: whoever may write to it may connect.
    public var socketMode: UInt16 = 0o600
    /// The path of the MCP endpoint, exactly.
    public var path = "/mcp"
    /// Pages beside the endpoint.
    public var pages: [HTTPPage] = []
    /// Pages beside the endpoint that answer with event streams.
    public var streamPages: [HTTPStreamPage] = []
    /// Which requests are served; without one, all.
    public var admission: (any RequestAdmission)?
    /// Bytes of a request body, 1…; beyond: 413.
    public var maximumRequestBytes = 1_048_576
    /// Open connections, 1…; those that come meanwhile wait until one ends.
    public var maximumConnections = 10_000
    /// Whether legacy clients get a session. Without, every request stands alone and is served under the revision that
    /// its header names, 2025-03-26 if none.
    public var hasSessions = true
    /// Whether clients of HTTP+SSE (MCP 2024-11-05, deprecated) are served, beside those of Streamable HTTP.
    public var servesHTTPSSE = false
    /// Where a client of HTTP+SSE opens its event stream.
    public var eventStreamPath = "/sse"
    /// Where a client of HTTP+SSE posts.
    public var messagesPath = "/messages"
    /// Whether an answer may be an event stream, for progress and log messages before it; without, these are not sent.
    public var streamsAnswers = true
    /// Whether a legacy call is cancelled when its client leaves, as a modern one is. The specification lets it run on, which
    /// is of no use where nobody can come back for its answer.
    public var cancelsLegacyCalls = false
    /// Open sessions, 1…; the next `initialize` gets 503.
    public var maximumSessions = 10_000
    /// How long a session lasts without a request.
    public var sessionIdleTimeout = Duration.seconds(1_800)
    /// Bytes of events that a session keeps for a client that comes back after a cut; 0 keeps none.
    public var keptEventBytesPerSession = 262_144
    /// Bytes of events that all sessions keep together.
    public var keptEventBytes = 67_108_864
    /// Origins whose pages may call, `scheme://host[:port]`. On a loopback address the listener's own origins are
    /// allowed besides.
    public var allowedOrigins: [String] = []
    /// Host names that requests may be for, with or without a port. Empty: the loopback names on a loopback address, every
    /// name on any other and on a unix-domain socket, which no browser can be led to.
    public var allowedHosts: [String] = []

    /// The defaults.
    public init() {}
}
