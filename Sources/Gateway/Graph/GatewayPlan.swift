/// One generation of the configuration, made ready for the path of a call: bytes instead of strings, leaf values made.
///
/// Immutable; all shards share it. A call uses one plan from its start to its end.
package struct GatewayPlan: Sendable {
    /// Paths and the pools that they lead to.
    package var routes: [RoutePlan]
    /// The pools, in the order of the file.
    package var pools: [PoolPlan]
    /// The addresses of the names of backends.
    package var names: NameBook
    /// Bytes of a request body.
    package var maximumBody: Int
    /// Bytes of a backend's answer.
    package var maximumAnswer: Int
    /// Whether an access log is written.
    package var logsAccess: Bool
    /// How long a session lives, whatever happens in it.
    package var sessionAge: Duration
    /// Who is believed about the address of a client.
    package var trustedProxies: TrustedProxies
    /// Web origins that may call, and hosts for which requests may be, as the configuration has them.
    package var allowedOrigins: [String]
    package var allowedHosts: [String]
    /// What is known of backends that have left, by their keys, for when they come back.
    var departed: [UInt64: BackendStatus]
    /// From which the keys of callers and of the cache follow.
    var secret: [UInt8]
    /// Tells callers apart.
    package var callers: CallerHash
    /// Whether something depends on the addresses of clients: rate limits, or which backend is picked.
    package var needsAddresses: Bool
    /// The rate limits; `nil` if there are none.
    package var limiter: RateLimiter?
    /// What is kept of answers.
    package var cache: AnswerCache
    /// How answers are kept where other gateways find them; `nil` if they are not.
    package var sharedStore: SharedStore?

    /// How many backends that have left are remembered.
    static let maximumDeparted = 1_024
}

/// One path that clients may call.
package struct RoutePlan: Sendable {
    /// The exact path.
    package var path: [UInt8]
    /// The position of its pool.
    package var pool: Int
}

/// The beginnings of requests to one backend: request line, `Host`, and what is the same in each.
package struct RequestStarts: Sendable {
    package var post: [UInt8]
    package var get: [UInt8]
    package var delete: [UInt8]

    /// The beginnings for a backend at `authority` whose endpoint is `path`.
    package init(authority: String, path: String) {
        func start(_ method: String) -> [UInt8] {
            Array("\(method) \(path) HTTP/1.1\r\nHost: \(authority)\r\nAccept-Encoding: identity\r\n".utf8)
        }
        post = start("POST")
        get = start("GET")
        delete = start("DELETE")
    }
}

/// Which `Host` and `Origin` a request may have.
package struct AccessRules: Hashable, Sendable {
    /// Origins that are accepted, `scheme://host[:port]` in lower case.
    package var origins: [[UInt8]]
    /// Hosts that are accepted, with or without a port, in lower case; empty for any.
    package var hosts: [[UInt8]]
}
