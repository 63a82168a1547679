package import NIOCore

/// How long the steps of a call may take; the rows of the configuration's `timeout`.
package struct PoolTimeouts: Sendable {
    /// Until the connection is made.
    package var connect: TimeAmount
    /// From sending a try to the head of its answer.
    package var firstByte: TimeAmount
    /// From the call's arrival to the end of its answer, or to the head if it is a stream.
    package var request: TimeAmount
    /// Between bytes of a stream.
    package var streamIdle: TimeAmount
    /// The whole of a stream that answers a call.
    package var maximumStream: TimeAmount
    /// The whole of a stream that a client opened to listen.
    package static let maximumListening = TimeAmount.hours(1)
    /// Between a stream's silence and the comment that keeps it alive.
    package static let keepAlive = TimeAmount.seconds(15)

    /// The times of `settings`.
    package init(_ settings: TimeoutSettings) {
        connect = TimeAmount(settings.connect)
        firstByte = TimeAmount(settings.firstByte)
        request = TimeAmount(settings.request)
        streamIdle = TimeAmount(settings.streamIdle)
        maximumStream = TimeAmount(settings.maximumStream)
    }

    /// The same, but for what a tool has of its own.
    func with(_ tool: ToolTimeoutSettings) -> PoolTimeouts {
        var timeouts = self
        if let request = tool.request { timeouts.request = TimeAmount(request) }
        if let firstByte = tool.firstByte { timeouts.firstByte = TimeAmount(firstByte) }
        return timeouts
    }
}
