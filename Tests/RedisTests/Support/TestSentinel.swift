import Foundation
import Redis
import Testing

/// A master, a replica of it, and three Sentinels that watch them.
final class TestSentinel: Sendable {
    let master: RedisServer
    let replica: RedisServer
    let sentinels: [RedisServer]

    /// Starts them and waits until the Sentinels know each other and the replica.
    static func start() async throws -> TestSentinel {
        let master = try await RedisServer.start()
        let replica = try await RedisServer.start(["--replicaof", "127.0.0.1", "\(master.port)"])
        var sentinels: [RedisServer] = []
        for _ in 0..<3 { sentinels.append(try await RedisServer.startSentinel(of: master, quorum: 2)) }
        for sentinel in sentinels {
            let test = try await TestClient.connected(.patient(sentinel.url))
            try await eventually("the Sentinel knows the others and the replica") {
                let facts = try await test.send(.make("SENTINEL", "MASTER", "main"))
                func number(_ name: StaticString) -> Int {
                    facts[name]?.string.flatMap { Int(String(buffer: $0)) } ?? 0
                }
                return number("num-other-sentinels") == 2 && number("num-slaves") == 1
            }
            await test.client.shutdown()
        }
        return TestSentinel(master: master, replica: replica, sentinels: sentinels)
    }

    private init(master: RedisServer, replica: RedisServer, sentinels: [RedisServer]) {
        self.master = master
        self.replica = replica
        self.sentinels = sentinels
    }

    /// Options for a client whose first Sentinel is nobody.
    func options(nobody: Int) -> RedisOptions {
        .patient(
            RedisURL(.tcp(host: "127.0.0.1", port: nobody)),
            topology: .sentinel(masterName: "main", others: sentinels.map { $0.url.address }))
    }
}
