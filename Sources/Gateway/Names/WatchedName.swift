/// A host name of backends, with what its addresses may be: names of pools with other rules are other names.
package struct WatchedName: Hashable, Sendable {
    /// The name, in lower case.
    package var host: String
    /// Forbidden addresses that it may have all the same.
    package var allowedAddresses: [IPRange]

    package init(host: String, allowedAddresses: [IPRange] = []) {
        self.host = host
        self.allowedAddresses = allowedAddresses
    }
}

extension GatewayConfiguration {
    /// The names that must be looked up.
    package var watchedNames: Set<WatchedName> {
        Set(pools.flatMap { pool in pool.backends.compactMap { pool.watchedName(of: $0) } })
    }
}

extension PoolConfiguration {
    /// The name under which a backend of this pool is looked up; nil if its URL has an address or `localhost`.
    func watchedName(of backend: BackendConfiguration) -> WatchedName? {
        backend.url.hasName ? WatchedName(host: backend.url.host, allowedAddresses: allowedAddresses) : nil
    }
}
