/// One generation of the configuration on one event loop: a shard, and what the connections that it serves share.
///
/// Belongs to its loop. It lives until the last call has ended that began in it.
package final class ShardRoom {
    package let shard: Shard
    /// Where those wait who have asked the same as others.
    let desk: FlightDesk
    /// One object for all connections of a listener, by which notes on heads are told apart.
    private var rules: [SocketAddressSetting: HeadRules] = [:]

    init(shard: Shard, desk: FlightDesk) {
        self.shard = shard
        self.desk = desk
    }

    /// What the heads of requests must be like that come to the listener on `address`.
    func rules(of address: SocketAddressSetting) -> HeadRules {
        if let known = rules[address] { return known }
        let rules = HeadRules(shard.plan, access: shard.plan.access(to: address))
        self.rules[address] = rules
        return rules
    }
}

@available(*, unavailable)
extension ShardRoom: Sendable {}
