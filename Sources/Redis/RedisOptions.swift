package import NIOCore
package import Transport

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
    /// How connections are sealed, if the URL says that they are; `nil`: with a server that the system trusts.
    package var tls: ClientTLS?
    /// What is at the address of the URL. Default `single`.
    package var topology: RedisTopology

    /// Options; what is not given has its default.
    package init(
        _ url: RedisURL, timeout: TimeAmount = .milliseconds(20), connectTimeout: TimeAmount = .milliseconds(500),
        clientName: String = "mcp-gateway", tls: ClientTLS? = nil, topology: RedisTopology = .single
    ) {
        self.url = url
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.clientName = clientName
        self.tls = tls
        self.topology = topology
    }
}

/// What is at the address of a Redis URL.
package enum RedisTopology: Hashable, Sendable {
    /// The one server.
    case single
    /// A Sentinel, which knows the master named `masterName`; so do those at the addresses in `others`.
    ///
    /// `credentials` are for the Sentinels; those of the URL, and its database, for the master.
    case sentinel(masterName: String, others: [RedisAddress] = [], credentials: RedisCredentials? = nil)
    /// A server of a cluster, which knows the others; so do those at the addresses in `others`.
    case cluster(others: [RedisAddress] = [])
}
