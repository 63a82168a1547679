import NIOCore
package import Redis
package import Transport

extension RedisOptions {
    /// How the gateway uses the Redis of its configuration.
    ///
    /// - Throws: `TLSError` when certificates or key cannot be used, which has been checked.
    package init(_ settings: RedisSettings) throws(TLSError) {
        var url = settings.url
        url.credentials = settings.password.map { RedisCredentials(user: settings.user, $0) }
        var topology = RedisTopology.single
        if let sentinel = settings.sentinel {
            topology = .sentinel(
                masterName: sentinel.master, others: sentinel.others,
                credentials: sentinel.password.map { RedisCredentials(user: sentinel.user, $0) })
        } else if let cluster = settings.cluster {
            topology = .cluster(others: cluster.others)
        }
        self.init(
            url, timeout: TimeAmount(settings.timeout), tls: try settings.tls?.load(), topology: topology)
    }
}

extension RedisCredentials {
    fileprivate init(user: String?, _ password: Secret) {
        self.init(username: user, password: String(decoding: password.value, as: UTF8.self))
    }
}
