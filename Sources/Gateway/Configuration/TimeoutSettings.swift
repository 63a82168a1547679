/// How long the steps of a call may take (reliability 1.5).
package struct TimeoutSettings: Hashable, Sendable {
    /// Until the connection to a backend is made. 10ms…1m.
    package var connect: Duration
    /// From sending an attempt to the head of its answer. 100ms…1h.
    package var firstByte: Duration
    /// The whole call with its retries: to the end of its answer, or to the head if it is a stream. 100ms…1h.
    package var request: Duration
    /// Between bytes of a stream. 1s…1h.
    package var streamIdle: Duration
    /// The whole of a stream that answers a call. 1s…24h.
    package var maximumStream: Duration

    package init(
        connect: Duration = .seconds(1), firstByte: Duration = .seconds(30), request: Duration = .seconds(60),
        streamIdle: Duration = .seconds(60), maximumStream: Duration = .seconds(600)
    ) {
        self.connect = connect
        self.firstByte = firstByte
        self.request = request
        self.streamIdle = streamIdle
        self.maximumStream = maximumStream
    }
}

extension TimeoutSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "connect", \.connect, .duration(.milliseconds(10) ... .seconds(60)),
                "Until the connection to a backend is made; then the next backend is tried."),
            ConfigurationKey(
                "first_byte", \.firstByte, .duration(.milliseconds(100) ... .seconds(3_600)),
                "From sending a call to the head of the answer."),
            ConfigurationKey(
                "request", \.request, .duration(.milliseconds(100) ... .seconds(3_600)),
                "The whole call with its retries, until its answer has come, or the head of a stream."),
            ConfigurationKey(
                "stream_idle", \.streamIdle, .duration(.seconds(1) ... .seconds(3_600)),
                "Silence of a backend in the middle of a stream; its comments count."),
            ConfigurationKey(
                "max_stream", \.maximumStream, .duration(.seconds(1) ... .seconds(86_400)),
                "The whole of a stream that answers a call."),
        ])
}
