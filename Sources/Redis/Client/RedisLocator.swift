import NIOCore

/// Tells where the server is that is wanted, before each attempt to connect.
protocol RedisLocator: AnyObject {
    /// The longest wait between attempts to connect.
    var longestWait: Duration { get }
    /// Whether a server that calls itself a replica is none that is wanted.
    var wantsMaster: Bool { get }

    /// Finds the server; `then` is told on the loop, perhaps before this returns. Asked again only after that.
    func locate(then: @escaping (Result<RedisAddress, RedisError>) -> Void)

    /// Stops searching; `then` need not be told any more.
    func close()
}

/// A server whose address does not change; one after another, if there are several that will do.
final class RedisFixedLocator: RedisLocator {
    let longestWait = Duration.seconds(5)
    let wantsMaster = false
    private var addresses: [RedisAddress]

    /// One address, or more.
    init(_ addresses: [RedisAddress]) {
        self.addresses = addresses
    }

    func locate(then: @escaping (Result<RedisAddress, RedisError>) -> Void) {
        let address = addresses.removeFirst()
        addresses.append(address)
        then(.success(address))
    }

    func close() {}
}

extension RedisDialer {
    /// What finds the one server that is wanted: any one of a cluster.
    func makeLocator(on eventLoop: any EventLoop) -> any RedisLocator {
        switch options.topology {
        case .single: RedisFixedLocator([options.url.address])
        case .cluster(let others): RedisFixedLocator([options.url.address] + others)
        case .sentinel(let masterName, let others, let credentials):
            RedisSentinelLocator(
                masterName, [options.url.address] + others, credentials: credentials, dialer: self, on: eventLoop)
        }
    }
}
