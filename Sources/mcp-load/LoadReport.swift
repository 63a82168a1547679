import Histogram

/// What a run has found.
struct LoadReport: Sendable {
    /// The CPU time that a watched process used while the calls were made.
    struct ProcessCPU: Sendable {
        /// The process whose descendants count too.
        var process: Int32
        /// Absent when the process ended during the run.
        var time: CPUTime?
    }

    /// What was done.
    var settings: LoadSettings
    /// The era in which it was done.
    var era: Era
    /// Seconds from the first counted call to the end of the last one.
    var seconds: Double
    /// What was counted.
    var counts: LoadCounts
    /// CPU times, in the order of the settings.
    var processes: [ProcessCPU]

    /// Nanoseconds as milliseconds with three decimal places.
    static func milliseconds(_ nanoseconds: UInt64) -> String {
        JSONLiteral.number(Double(nanoseconds) / 1e6, places: 3)
    }

    /// Calls that were over per second.
    var callsPerSecond: Double { seconds > 0 ? Double(counts.finished) / seconds : 0 }

    /// CPU microseconds per finished call; absent when there was none.
    func perCall(_ nanoseconds: Int64) -> Double? {
        counts.finished > 0 ? Double(nanoseconds) / 1e3 / Double(counts.finished) : nil
    }

    /// Failures, the most frequent first.
    var failures: [(label: String, count: Int)] {
        var all = counts.failures.map { (label: $0.key.label, count: $0.value) }
        if counts.otherFailures > 0 { all.append((label: "other", count: counts.otherFailures)) }
        return all.sorted { ($1.count, $0.label) < ($0.count, $1.label) }
    }

    /// The latencies that are reported, in nanoseconds.
    var latencies: [(name: String, nanoseconds: UInt64)] {
        let histogram = counts.latency
        return [
            ("p50", histogram.valueAtPercentile(50)), ("p90", histogram.valueAtPercentile(90)),
            ("p99", histogram.valueAtPercentile(99)), ("p99.9", histogram.valueAtPercentile(99.9)),
            ("max", counts.answered > 0 ? histogram.max : 0),
        ]
    }
}
