extension LoadReport {
    /// The report for people.
    var text: String {
        var lines = [title, ""]
        func row(_ name: String, _ text: String) {
            lines.append(name + String(repeating: " ", count: max(1, 12 - name.count)) + text)
        }
        let seconds = JSONLiteral.number(seconds, places: 2)
        row("calls", "\(counts.finished) in \(seconds) s, \(JSONLiteral.number(callsPerSecond, places: 1)) per second")
        row(
            "answered",
            "\(counts.answered)" + (counts.eventStreams > 0 ? " (\(counts.eventStreams) as event streams)" : ""))
        row(
            "failed",
            "\(counts.failed)" + (counts.wrongAnswers > 0 ? ", of these \(counts.wrongAnswers) wrong answers" : ""))
        for failure in failures { row("", "\(failure.count) × \(failure.label)") }
        if counts.unsent > 0 { row("unsent", "\(counts.unsent): the rate was more than the connections could carry") }
        if counts.reconnects > 0 { row("reconnects", "\(counts.reconnects)") }
        if counts.answered > 0 {
            let body = Double(counts.bodyBytes) / Double(counts.answered)
            row("answer", "\(JSONLiteral.number(body, places: 1)) bytes on average")
            let values = latencies.map { "\($0.name) \(LoadReport.milliseconds($0.nanoseconds))" }
            row("latency ms", values.joined(separator: "   "))
        }
        for process in processes { row("cpu \(process.process)", describe(process)) }
        return lines.joined(separator: "\n") + "\n"
    }

    private var title: String {
        let place = settings.endpoint.place
        let what = settings.call.tool.map { "tools/call of \($0)" } ?? settings.call.method
        let how = settings.rate.map { "\(JSONLiteral.number($0, places: 1)) calls per second" } ?? "as fast as answered"
        return "\(what) at \(place): \(era.rawValue), \(settings.connections) connections, \(how)"
    }

    private func describe(_ process: ProcessCPU) -> String {
        guard let time = process.time else { return "the process has ended" }
        guard let total = perCall(time.total), let user = perCall(time.user), let system = perCall(time.system) else {
            return "no calls to share it among"
        }
        let texts = [total, user, system].map { JSONLiteral.number($0, places: 2) }
        return "\(texts[0]) µs per call (user \(texts[1]), system \(texts[2]))"
    }
}
