/// How long one tool may take, where it differs from its pool.
package struct ToolTimeoutSettings: Hashable, Sendable {
    /// From sending an attempt to the head of its answer; absent: as the pool says.
    package var firstByte: Duration?
    /// The whole call; absent: as the pool says.
    package var request: Duration?

    package init(firstByte: Duration? = nil, request: Duration? = nil) {
        self.firstByte = firstByte
        self.request = request
    }
}

extension ToolTimeoutSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "first_byte", \.firstByte, .optional(.duration(.milliseconds(100) ... .seconds(3_600)), from: .zero),
                "From sending a call to the head of the answer. Absent: as the pool says."),
            ConfigurationKey(
                "request", \.request, .optional(.duration(.milliseconds(100) ... .seconds(3_600)), from: .zero),
                "The whole call. Absent: as the pool says."),
        ])
}
