import NIOCore
import Wire

/// Asks Sentinels, one after another, where the master is, before each attempt to connect to it.
///
/// The one that knew is asked first the next time (Redis documentation, "Guidelines for Redis clients with support for Redis
/// Sentinel").
final class RedisSentinelLocator: RedisLocator, RedisConnectionDelegate {
    /// A new master must be in use 2 s after its election at the latest.
    let longestWait = Duration.seconds(1)
    let wantsMaster = true

    private let masterName: String
    private var sentinels: [RedisAddress]
    private let credentials: RedisCredentials?
    private let dialer: RedisDialer
    private let eventLoop: any EventLoop
    private var connection: RedisConnection?
    /// How many have been asked in vain.
    private var askedCount = 0
    private var lastError = RedisError.unavailable
    private var then: ((Result<RedisAddress, RedisError>) -> Void)?

    /// Asks one Sentinel or more for the master named `masterName`.
    init(
        _ masterName: String, _ sentinels: [RedisAddress], credentials: RedisCredentials?, dialer: RedisDialer,
        on eventLoop: any EventLoop
    ) {
        self.masterName = masterName
        self.sentinels = sentinels
        self.credentials = credentials
        self.dialer = dialer
        self.eventLoop = eventLoop
    }

    func locate(then: @escaping (Result<RedisAddress, RedisError>) -> Void) {
        self.then = then
        askedCount = 0
        lastError = .unavailable
        ask()
    }

    func close() {
        then = nil
        connection?.close()
        connection = nil
    }

    private func ask() {
        guard then != nil else { return }
        guard askedCount < sentinels.count, let sentinel = sentinels.first else { return finish(.failure(lastError)) }
        let handshake = RedisHandshake(
            credentials: credentials, database: 0, clientName: dialer.options.clientName)
        let connection = RedisConnection(
            on: eventLoop, handshake: handshake, handshakeTimeout: dialer.options.connectTimeout)
        connection.delegate = self
        self.connection = connection
        dialer.connect(connection, to: sentinel, on: eventLoop)
    }

    private func askNext(after error: RedisError) {
        lastError = error
        askedCount += 1
        // To the end: the ones before it are asked first from now on.
        sentinels.append(sentinels.removeFirst())
        ask()
    }

    private func finish(_ outcome: Result<RedisAddress, RedisError>) {
        let then = self.then
        self.then = nil
        connection?.close()
        connection = nil
        then?(outcome)
    }

    // MARK: The connection to a Sentinel

    func ready(_ connection: RedisConnection) {
        var command = RedisCommand("SENTINEL", isWrite: false)
        command.append("get-master-addr-by-name")
        command.append(masterName)
        connection.send(command, timeout: dialer.options.connectTimeout) { [weak self] reply in
            guard let self, self.connection === connection else { return }
            if case .success(let value) = reply, let address = RedisSentinelLocator.address(value) {
                return finish(.success(address))
            }
            // It does not know the master, or the connection is over, which it has told already.
            connection.close()
            askNext(after: .unavailable)
        }
    }

    private static func address(_ value: RESPValue) -> RedisAddress? {
        guard let elements = value.elements, elements.count == 2, let host = elements[0].string,
            let port = elements[1].string, host.readableBytes > 0, let number = Int(String(buffer: port)),
            (1...65_535).contains(number)
        else { return nil }
        return .tcp(host: String(buffer: host), port: number)
    }

    func closed(_ connection: RedisConnection, _ reason: RedisError, waitingCount: Int) {
        guard self.connection === connection else { return }
        self.connection = nil
        askNext(after: reason)
    }

    func answered(_ count: Int, on connection: RedisConnection) {}

    func refused(_ pending: RedisPendingCommand, _ error: RedisError, on connection: RedisConnection) -> Bool { false }

    func pushed(_ elements: [RESPValue], on connection: RedisConnection) {}
}

@available(*, unavailable)
extension RedisSentinelLocator: Sendable {}
