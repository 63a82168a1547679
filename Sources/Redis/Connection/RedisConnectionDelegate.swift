import NIOCore
import Wire

/// What is told of a connection to a Redis server. All calls come on the connection's loop.
protocol RedisConnectionDelegate: AnyObject {
    /// The server has said that it serves us; commands may be sent.
    func ready(_ connection: RedisConnection)

    /// `count` replies have come that are no errors.
    func answered(_ count: Int, on connection: RedisConnection)

    /// The reply to `pending` is an error. Whether the delegate takes care of the command; if not, whoever waits is told.
    func refused(_ pending: RedisPendingCommand, _ error: RedisError, on connection: RedisConnection) -> Bool

    /// A message that nobody has asked for.
    func pushed(_ elements: [RESPValue], on connection: RedisConnection)

    /// The connection is over, or was never made. Called before those are told who still wait, `waitingCount` of them.
    func closed(_ connection: RedisConnection, _ reason: RedisError, waitingCount: Int)
}
