package import NIOCore

/// How a Redis is used.
package struct RedisOptions: Sendable {
    /// Where it is, and as whom it is used.
    package var url: RedisURL
    /// For a reply to come, from the moment the command is given. Default 20 ms.
    package var timeout: TimeAmount
    /// For a connection to be made, and again for the server to say that it serves. Default 500 ms.
    package var connectTimeout: TimeAmount
    /// The name that the server shows for our connections. Default `mcp-gateway`.
    package var clientName: String

    /// Options; what is not given has its default.
    package init(
        _ url: RedisURL, timeout: TimeAmount = .milliseconds(20), connectTimeout: TimeAmount = .milliseconds(500),
        clientName: String = "mcp-gateway"
    ) {
        self.url = url
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.clientName = clientName
    }
}
