import Transport

/// What the names of backends stand for at a moment.
package struct NameBook: Hashable, Sendable {
    private var addresses: [WatchedName: [IPAddress]] = [:]

    /// Nothing is known of any name.
    package init() {}

    /// The addresses of a name, in order; empty as long as none is known.
    package subscript(name: WatchedName) -> [IPAddress] {
        get { addresses[name] ?? [] }
        set { addresses[name] = newValue.isEmpty ? nil : newValue }
    }

    /// Where the backends are that `backend` stands for in `pool`; never empty.
    ///
    /// A name of which nothing is known is one backend to which nobody connects. Each address of a name is a backend of its
    /// own, and known by it: a session goes on, and so does what is known of the backend, however many others there are.
    func places(of backend: BackendConfiguration, in pool: PoolConfiguration) -> [BackendPlace] {
        let url = backend.url
        guard let name = pool.watchedName(of: backend) else {
            return [
                BackendPlace(
                    address: BackendAddress(host: url.host, port: url.port), label: url.text, identity: url.text)
            ]
        }
        let found = self[name]
        guard !found.isEmpty else {
            return [
                BackendPlace(
                    address: .unresolved(name: url.host, port: url.port), label: url.text, identity: url.text)
            ]
        }
        return found.map { address in
            let identity = "\(url.text)@\(address.text)"
            return BackendPlace(
                address: BackendAddress(host: address.text, port: url.port),
                label: found.count == 1 ? url.text : identity, identity: identity)
        }
    }

    /// Whether the backends of `pool` are where they were in `other`.
    func isSame(as other: NameBook, for pool: PoolConfiguration) -> Bool {
        pool.backends.allSatisfy { backend in
            pool.watchedName(of: backend).map { self[$0] == other[$0] } ?? true
        }
    }
}

/// Where one backend is, and what it is called.
struct BackendPlace: Hashable, Sendable {
    /// What is connected to.
    var address: BackendAddress
    /// What it is called in metrics, logs and pages: the URL, with `@` and the address if the name has several.
    var label: String
    /// What it is known by, on all replicas alike: the URL, with `@` and the address for names.
    var identity: String
}
