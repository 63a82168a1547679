package import NIOCore

/// How long a client may take, on the loop's clock.
package struct HTTPServerTimeouts: Sendable {
    /// From the first byte of a head to its end; then 408.
    package var head: TimeAmount = .seconds(10)
    /// Between bytes of a body; then 408.
    package var bodyIdle: TimeAmount = .seconds(10)
    /// After this time a body must have come at `minimumBodyRate`.
    package var bodyGrace: TimeAmount = .seconds(5)
    /// Bytes per second.
    package var minimumBodyRate: Int64 = 1_024
    /// Between an answer and the next request.
    package var idle: TimeAmount = .seconds(60)
    /// While the client takes nothing of an answer.
    package var writeStall: TimeAmount = .seconds(30)
    /// For a client to notice that the connection is being closed.
    package var linger: TimeAmount = .seconds(1)

    /// The defaults.
    package init() {}
}
