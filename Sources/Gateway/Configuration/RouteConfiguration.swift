/// Which requests go to which pool.
package struct RouteConfiguration: Hashable, Sendable {
    /// The exact path of the requests.
    package var path: String
    /// The name of a pool of the same configuration.
    package var pool: String

    package init(path: String, pool: String) {
        self.path = path
        self.pool = pool
    }
}

extension RouteConfiguration {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self(path: "", pool: "") },
        [
            ConfigurationKey("path", \.path, .path, "The exact path that clients call.", isRequired: true),
            ConfigurationKey("pool", \.pool, .poolName, "The pool that answers.", isRequired: true),
        ])
}
