/// Everything that one probe of a server has brought.
struct ProbeReport: Hashable, Sendable {
    /// One answered request.
    struct Timing: Hashable, Sendable {
        /// What was asked.
        var step: ProbeStep
        /// From sending it to the end of its answer.
        var duration: Duration
    }

    /// The server.
    var server: WatchedServer
    /// What was found.
    var findings: ProbeFindings
    /// The requests that were answered, in order.
    var timings: [Timing] = []
    /// How long each connection took to be made.
    var connectDurations: [Duration] = []
    /// How long the probe took in all.
    var duration = Duration.zero
    /// When the server's certificate ends, in seconds since 1970, if it has shown one.
    var certificateExpiry: Int64?
}
