/// What is written about the gateway's work, and where.
package struct LogSettings: Hashable, Sendable {
    /// Less important messages are left out.
    package var level: Level
    /// How messages look.
    package var format: Format
    /// Whether each call gets a line.
    package var logsAccess: Bool
    /// The file that is appended to; absent: standard error, and standard output for lines about calls.
    package var file: String?

    package init(level: Level = .info, format: Format = .json, logsAccess: Bool = true, file: String? = nil) {
        self.level = level
        self.format = format
        self.logsAccess = logsAccess
        self.file = file
    }

    /// How important a message is; as in swift-log.
    package enum Level: String, Hashable, ConfigurationChoice {
        case trace, debug, info, notice, warning, error, critical
    }

    /// How messages look.
    package enum Format: String, Hashable, ConfigurationChoice {
        /// One JSON object a line.
        case json
        /// For people.
        case text
    }
}

extension LogSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey("level", \.level, .choice, "Less important messages are left out."),
            ConfigurationKey("format", \.format, .choice, "How messages look."),
            ConfigurationKey("access", \.logsAccess, .boolean, "Whether each call gets a line."),
            ConfigurationKey(
                "file", \.file, .optional(.filePath, from: ""),
                "The file that is appended to. Absent: messages go to standard error, lines about calls to standard output."
            ),
        ])
}
