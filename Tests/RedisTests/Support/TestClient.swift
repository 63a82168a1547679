import Logging
import NIOCore
import NIOPosix
import Redis
import Synchronization
import Wire

/// Everything that was logged.
final class LogRecorder: LogHandler, Sendable {
    private let lines = Mutex<[String]>([])

    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        let metadata = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        lines.withLock { $0.append("\(event.level) \(event.message)\(metadata)") }
    }

    /// Level, message and metadata of each line.
    var text: [String] { lines.withLock { $0 } }
}

/// A client on one loop, with what it logs.
struct TestClient: Sendable {
    let client: RedisClient
    let log: LogRecorder
    let loop: any EventLoop

    /// Begins to connect; on one loop unless more are asked for.
    static func start(_ options: RedisOptions, loopCount: Int = 1) async throws -> TestClient {
        let log = LogRecorder()
        var loops: [any EventLoop] = []
        var iterator = MultiThreadedEventLoopGroup.singleton.makeIterator()
        while loops.count < loopCount, let loop = iterator.next() { loops.append(loop) }
        let client = try await RedisClient(
            options, loops: loops, logger: Logger(label: "redis", factory: { _ in log }))
        return TestClient(client: client, log: log, loop: loops[0])
    }

    /// The same, connected.
    static func connected(_ options: RedisOptions, loopCount: Int = 1) async throws -> TestClient {
        let test = try await start(options, loopCount: loopCount)
        try await test.up()
        return test
    }

    func up(within limit: Duration = .seconds(60)) async throws {
        try await eventually("Redis is up; log: \(log.text)", within: limit) { client.status.isUp }
    }

    func send(_ command: RedisCommand, timeout: TimeAmount? = nil) async throws(RedisError) -> RESPValue {
        try await client.send(command, timeout: timeout)
    }

    /// The string that a command brings; `nil` for null.
    func text(_ command: RedisCommand) async throws -> String? {
        try await send(command).string.map { String(buffer: $0) }
    }

    /// The error that a command brings.
    func failure(_ command: RedisCommand) async -> RedisError? {
        do throws(RedisError) {
            _ = try await send(command)
            return nil
        } catch {
            return error
        }
    }

    func count(_ kind: RedisError.Kind) -> Int {
        client.status.errorCounts.first { $0.kind == kind }?.count ?? 0
    }
}

extension RedisOptions {
    /// Options for tests in which time is not the point: a starved machine is no fault of Redis.
    static func patient(
        _ url: RedisURL, clientName: String = "mcp-gateway", topology: RedisTopology = .single
    ) -> RedisOptions {
        RedisOptions(
            url, timeout: .seconds(30), connectTimeout: .seconds(10), clientName: clientName, topology: topology)
    }
}

extension RedisCommand {
    /// Any command.
    static func make(_ name: StaticString, _ words: String..., isWrite: Bool = false) -> RedisCommand {
        var command = RedisCommand(name, isWrite: isWrite)
        for word in words { command.append(word) }
        return command
    }
}
