extension LoadReport {
    /// The report for programs: one JSON object on one line.
    ///
    /// Latencies are in microseconds; `cpu` has microseconds per call of each watched process, or `null`.
    var json: String {
        JSONLiteral.object([
            ("endpoint", JSONLiteral.string(settings.endpoint.place)),
            ("era", JSONLiteral.string(era.rawValue)),
            ("method", JSONLiteral.string(settings.call.method)),
            ("tool", settings.call.tool.map(JSONLiteral.string) ?? "null"),
            ("connections", "\(settings.connections)"),
            ("rate", settings.rate.map { JSONLiteral.number($0, places: 3) } ?? "null"),
            ("seconds", JSONLiteral.number(seconds, places: 3)),
            ("calls", "\(counts.finished)"),
            ("callsPerSecond", JSONLiteral.number(callsPerSecond, places: 1)),
            ("answered", "\(counts.answered)"),
            ("eventStreams", "\(counts.eventStreams)"),
            ("answerBytes", "\(counts.bodyBytes)"),
            ("failed", "\(counts.failed)"),
            ("wrongAnswers", "\(counts.wrongAnswers)"),
            ("failures", JSONLiteral.object(failures.map { ($0.label, "\($0.count)") })),
            ("unsent", "\(counts.unsent)"),
            ("reconnects", "\(counts.reconnects)"),
            ("latencyMicroseconds", counts.answered > 0 ? latencyObject : "null"),
            ("cpu", "[" + processes.map(cpuObject).joined(separator: ",") + "]"),
        ])
    }

    private var latencyObject: String {
        JSONLiteral.object(latencies.map { ($0.name, JSONLiteral.number(Double($0.nanoseconds) / 1e3, places: 1)) })
    }

    private func cpuObject(_ process: ProcessCPU) -> String {
        func microseconds(_ nanoseconds: Int64?) -> String {
            nanoseconds.flatMap(perCall).map { JSONLiteral.number($0, places: 3) } ?? "null"
        }
        return JSONLiteral.object([
            ("pid", "\(process.process)"),
            ("microsecondsPerCall", microseconds(process.time?.total)),
            ("userMicrosecondsPerCall", microseconds(process.time?.user)),
            ("systemMicrosecondsPerCall", microseconds(process.time?.system)),
        ])
    }
}
