import Redis
import Testing
import Wire

/// Three masters that share all slots, and perhaps a replica of the first.
final class TestCluster: Sendable {
    let servers: [RedisServer]

    /// Starts them and waits until each of them says that all is well.
    static func start(_ arguments: [String] = [], hasReplica: Bool = false) async throws -> TestCluster {
        var servers: [RedisServer] = []
        var busPorts: [Int] = []
        for _ in 0..<(hasReplica ? 4 : 3) {
            // By itself a server adds 10,000 to its port for talking to the others, which may be no port at all.
            let busPort = try await RedisServerPlace.free()
            busPorts.append(busPort)
            servers.append(
                try await RedisServer.start(
                    [
                        "--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--databases", "1",
                        "--cluster-port", "\(busPort)",
                    ] + arguments))
        }
        let cluster = TestCluster(servers)
        let bounds = [0, 5_461, 10_923, 16_384]
        for index in 0..<3 {
            _ = try await cluster.tell(
                index, .make("CLUSTER", "ADDSLOTSRANGE", "\(bounds[index])", "\(bounds[index + 1] - 1)"))
            // Each must have an epoch of its own.
            _ = try await cluster.tell(index, .make("CLUSTER", "SET-CONFIG-EPOCH", "\(index + 1)"))
        }
        for (server, busPort) in zip(servers, busPorts).dropFirst() {
            _ = try await cluster.tell(0, .make("CLUSTER", "MEET", "127.0.0.1", "\(server.port)", "\(busPort)"))
        }
        try await cluster.settle()
        if hasReplica {
            _ = try await cluster.tell(3, .make("CLUSTER", "REPLICATE", cluster.id(0)))
            try await eventually("the replica has the data of its master") {
                let text = try await cluster.tell(3, .make("INFO", "replication")).string.map { String(buffer: $0) }
                return text?.contains("master_link_status:up") == true
            }
        }
        return cluster
    }

    private init(_ servers: [RedisServer]) {
        self.servers = servers
    }

    /// Waits until every server knows all slots.
    func settle() async throws {
        for index in servers.indices {
            try await eventually("the cluster is well") {
                let text = try await self.tell(index, .make("CLUSTER", "INFO")).string.map { String(buffer: $0) } ?? ""
                return text.contains("cluster_state:ok") && text.contains("cluster_known_nodes:\(self.servers.count)")
            }
        }
    }

    /// Gives one server a command.
    func tell(_ index: Int, _ command: RedisCommand) async throws -> RESPValue {
        let test = try await TestClient.connected(.patient(servers[index].url))
        do {
            let reply = try await test.send(command)
            await test.client.shutdown()
            return reply
        } catch {
            await test.client.shutdown()
            throw error
        }
    }

    /// The name that a server has among the others.
    func id(_ index: Int) async throws -> String {
        try await tell(index, .make("CLUSTER", "MYID")).string.map { String(buffer: $0) } ?? ""
    }

    /// Options for a client that begins with one of the servers.
    func options(_ index: Int = 0) -> RedisOptions {
        .patient(servers[index].url, topology: .cluster())
    }
}
