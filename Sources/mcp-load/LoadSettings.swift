import Transport

/// What one run does; validated.
struct LoadSettings: Sendable {
    /// When the measured part of the run ends.
    enum End: Sendable {
        /// After this time.
        case duration(Duration)
        /// After this many calls, 1 or more.
        case requests(Int)
    }

    /// Where the calls go.
    var endpoint: Endpoint
    /// What connections are sealed with, if they are.
    var tls: ClientTLS?
    /// Which handshake the endpoint wants.
    var era: Era
    /// Header lines that every request carries, each with its line end.
    var headers: [String]
    /// What is called.
    var call: CallContent
    /// Connections, each with one call at a time; 1 or more.
    var connections: Int
    /// Event loops; 1 up to `connections`.
    var threads: Int
    /// When the measured part ends.
    var end: End
    /// Calls per second of all connections together; absent: as fast as the answers come (closed loop).
    var rate: Double?
    /// How long calls are made before they are counted.
    var warmup: Duration
    /// How long one answer may take.
    var timeout: Duration
    /// How long the ends of the sessions may take, all together.
    var patience = Duration.seconds(1)
    /// What every answer must contain; absent: anything.
    var expectedText: [UInt8]?
    /// Processes whose CPU time is reported, each with its descendants.
    var processes: [Int32]
}
