import NIOCore
package import Wire

/// What is told the outcome of a command, exactly once, on the loop of the connection.
package typealias RedisReplyHandler = (Result<RESPValue, RedisError>) -> Void

/// A command that waits for its reply.
struct RedisPendingCommand {
    /// The command, which may have to be sent again elsewhere.
    var command: RedisCommand
    /// Until when the reply must have come.
    let deadline: NIODeadline
    /// How often the command was sent elsewhere than to where its key was expected.
    var redirectionCount = 0
    /// Whether nobody but the connection itself waits.
    var isInternal = false
    /// Who waits.
    let then: RedisReplyHandler
}
