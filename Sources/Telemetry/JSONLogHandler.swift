package import Logging

/// Writes log lines to a `LogSink`: one JSON object each, with `time`, `level`, `message`, `logger` and the metadata
/// beside them.
///
/// No text from outside can break out of its line: controls are escaped, each value is cut at 1 KiB, a line at about 32
/// KiB. Metadata whose key would hide one of the four gets a `_` after it.
package struct JSONLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let sink: LogSink
    private let format: LogFormat
    private let clock: @Sendable () -> WallTime

    /// A handler of the logger `label`; `clock` is a parameter so that tests can stop it.
    package init(
        label: String, sink: LogSink, level: Logger.Level = .info, format: LogFormat = .json,
        metadataProvider: Logger.MetadataProvider? = nil, clock: @escaping @Sendable () -> WallTime = WallTime.now
    ) {
        self.label = label
        self.sink = sink
        self.logLevel = level
        self.format = format
        self.metadataProvider = metadataProvider
        self.clock = clock
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var merged = metadata
        if let provided = metadataProvider?.get(), !provided.isEmpty { merged.merge(provided) { $1 } }
        if let own = event.metadata, !own.isEmpty { merged.merge(own) { $1 } }
        if let error = event.error { merged["error"] = "\(error)" }
        var line = LogLine(format)
        line.begin(at: clock(), level: event.level, logger: label, message: event.message.description)
        // Sorted, so that equal events make equal lines.
        for (key, value) in merged.sorted(by: { $0.key < $1.key }) { line.add(key, value) }
        sink.offer(line.end())
    }
}
