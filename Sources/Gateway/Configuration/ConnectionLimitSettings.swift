/// How much the gateway takes from outside (reliability 6).
package struct ConnectionLimitSettings: Hashable, Sendable {
    /// Bytes of a request's body. 1KiB…256MiB.
    package var maximumBody: Int
    /// Bytes of a backend's answer that is not a stream. 1KiB…1GiB.
    package var maximumAnswer: Int
    /// Connections of clients; automatic: what the descriptors allow. 1…1,000,000.
    package var maximumConnections: AutomaticCount
    /// Bytes of memory that the process may take; automatic: what its control group may. 8MiB…1TiB.
    package var memory: AutomaticCount

    package init(
        maximumBody: Int = 4_194_304, maximumAnswer: Int = 33_554_432,
        maximumConnections: AutomaticCount = .automatic, memory: AutomaticCount = .automatic
    ) {
        self.maximumBody = maximumBody
        self.maximumAnswer = maximumAnswer
        self.maximumConnections = maximumConnections
        self.memory = memory
    }
}

extension ConnectionLimitSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "max_body", \.maximumBody, .size(1_024...268_435_456),
                "The largest request body; larger ones are answered with 413."),
            ConfigurationKey(
                "max_answer", \.maximumAnswer, .size(1_024...1_073_741_824),
                "The largest answer of a backend that is not a stream; larger ones are failures."),
            ConfigurationKey(
                "max_connections", \.maximumConnections, .automaticOrCount(1...1_000_000),
                "Connections of clients. `auto`: half of the descriptors that the process may have, less 64."),
            ConfigurationKey(
                "memory_limit", \.memory, .automaticOrSize(8_388_608...1_099_511_627_776),
                "Memory that the process may have; near that, it takes on less. `auto`: what its control group may."),
        ])
}
