/// Three masters that share all slots.
struct RedisCluster: Sendable {
    let servers: [RedisServer]
    private let bounds = [0, 5_461, 10_923, 16_384]

    /// Starts them and waits until each of them says that all is well.
    static func start() async throws -> RedisCluster {
        var servers: [RedisServer] = []
        var busPorts: [Int] = []
        for _ in 0..<3 {
            // By itself a server adds 10,000 to its port for talking to the others, which may be no port at all.
            busPorts.append(try RedisServer.freePort())
            servers.append(
                try await RedisServer.start([
                    "--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-port",
                    "\(busPorts[servers.count])",
                ]))
        }
        let cluster = RedisCluster(servers: servers)
        for (index, server) in servers.enumerated() {
            let (first, last) = (cluster.bounds[index], cluster.bounds[index + 1] - 1)
            try await server.ask("CLUSTER", "ADDSLOTSRANGE", "\(first)", "\(last)")
            // Each must have an epoch of its own.
            try await server.ask("CLUSTER", "SET-CONFIG-EPOCH", "\(index + 1)")
        }
        for (server, busPort) in zip(servers, busPorts).dropFirst() {
            try await servers[0].ask("CLUSTER", "MEET", "127.0.0.1", "\(server.port)", "\(busPort)")
        }
        for server in servers {
            try await eventually("the cluster is well") {
                let text = try await server.ask("CLUSTER", "INFO")
                return text.contains("cluster_state:ok") && text.contains("cluster_known_nodes:3")
            }
        }
        return cluster
    }

    /// Begins to move the slot of `key` from its server to the next one.
    func beginMove(ofSlotOf key: String) async throws {
        let (slot, source, target) = try await place(of: key)
        try await target.ask("CLUSTER", "SETSLOT", "\(slot)", "IMPORTING", source.ask("CLUSTER", "MYID"))
        try await source.ask("CLUSTER", "SETSLOT", "\(slot)", "MIGRATING", target.ask("CLUSTER", "MYID"))
    }

    /// Moves the keys of the slot, and tells everybody.
    func endMove(ofSlotOf key: String) async throws {
        let (slot, source, target) = try await place(of: key)
        while true {
            let keys = try await source.ask("CLUSTER", "GETKEYSINSLOT", "\(slot)", "100").split(separator: "\n")
            guard !keys.isEmpty else { break }
            try await source.ask(
                ["MIGRATE", "127.0.0.1", "\(target.port)", "", "0", "5000", "KEYS"] + keys.map(String.init))
        }
        let id = try await target.ask("CLUSTER", "MYID")
        try await target.ask("CLUSTER", "SETSLOT", "\(slot)", "NODE", id)
        try await source.ask("CLUSTER", "SETSLOT", "\(slot)", "NODE", id)
    }

    private func place(of key: String) async throws -> (slot: Int, source: RedisServer, target: RedisServer) {
        guard let slot = Int(try await servers[0].ask("CLUSTER", "KEYSLOT", key)),
            let index = bounds.lastIndex(where: { $0 <= slot })
        else { throw Failure("no slot") }
        return (slot, servers[index], servers[(index + 1) % servers.count])
    }
}
