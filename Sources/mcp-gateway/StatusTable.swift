import ArgumentParser
import Wire

/// What `GET /status` says, as people read it.
struct StatusTable {
    private struct Row {
        var pool: String
        var url: String
        var health: String
        var breaker: String
        var inFlight: Int64
        var succeeded: Int64
        var failed: Int64
        var lastFailure: String
    }

    private let heading: String
    private let rows: [Row]

    /// The table of what the gateway says.
    ///
    /// - Throws: an exit code if that is not what a gateway says.
    init(_ body: String) throws {
        guard let status = try? JSONValue.parse(body), let pools = status["pools"]?.arrayValue,
            let version = status["version"]?.stringValue, let phase = status["phase"]?.stringValue
        else {
            StandardError.line("mcp-gateway: the answer is not that of a gateway: \(body)")
            throw ExitCode.failure
        }
        heading =
            "mcp-gateway \(version), \(phase)\(status["ready"]?.boolValue == true ? "" : ", not ready"): "
            + "\(status["in_flight"]?.int64Value ?? 0) calls in flight, "
            + "\(status["connections"]?.int64Value ?? 0) connections" + StatusTable.overload(status["overload"])
        rows = pools.flatMap { pool in
            (pool["backends"]?.arrayValue ?? []).map { StatusTable.row($0, pool["name"]?.stringValue ?? "") }
        }
    }

    /// What is near its limit, if something is.
    private static func overload(_ overload: JSONValue?) -> String {
        guard let overload, let level = overload["level"]?.stringValue, level != "none" else { return "" }
        let uses = ["memory", "descriptors"].compactMap { name -> String? in
            guard let used = overload[name]?["used"]?.int64Value, let limit = overload[name]?["limit"]?.int64Value,
                limit > 0
            else { return nil }
            return "\(name) \(Int((Double(used) / Double(limit) * 100).rounded())) %"
        }
        let lag = "lag \(overload["lag_milliseconds"]?.int64Value ?? 0) ms"
        return "; overload \(level) (\((uses + [lag]).joined(separator: ", ")))"
    }

    private static func row(_ backend: JSONValue, _ pool: String) -> Row {
        let attempts = backend["attempts"]?.objectValue?.members ?? []
        let total = attempts.reduce(0) { $0 + ($1.value.int64Value ?? 0) }
        let succeeded = backend["attempts"]?["success"]?.int64Value ?? 0
        let left = backend["attempts"]?["client_gone"]?.int64Value ?? 0
        let failure = backend["last_failure"]
        return Row(
            pool: pool, url: backend["url"]?.stringValue ?? "",
            health: (backend["health"]?.stringValue ?? "") + (backend["drained"]?.boolValue == true ? ", drained" : ""),
            breaker: backend["breaker"]?.stringValue ?? "", inFlight: backend["in_flight"]?.int64Value ?? 0,
            succeeded: succeeded, failed: total - succeeded - left,
            lastFailure: failure?["time"]?.stringValue.map { "\($0) \(failure?["message"]?.stringValue ?? "")" } ?? "-")
    }

    /// One line for each backend.
    var text: String { table(nil) }

    /// The same with the tries per second since `last`, which was `time` ago.
    func text(since last: StatusTable, _ time: Duration) -> String {
        let seconds = max(time / .seconds(1), 0.001)
        let before = Dictionary(last.rows.map { ("\($0.pool) \($0.url)", $0.succeeded + $0.failed) }) { $1 }
        return table(
            rows.map { row in
                let tries = row.succeeded + row.failed
                return "\(Int((Double(tries - (before["\(row.pool) \(row.url)"] ?? tries)) / seconds).rounded()))"
            })
    }

    private func table(_ rates: [String]?) -> String {
        var columns = [
            ["POOL"] + rows.map(\.pool), ["BACKEND"] + rows.map(\.url), ["HEALTH"] + rows.map(\.health),
            ["BREAKER"] + rows.map(\.breaker), ["IN FLIGHT"] + rows.map { "\($0.inFlight)" },
        ]
        if let rates { columns.append(["TRIES/S"] + rates) }
        columns += [
            ["SUCCEEDED"] + rows.map { "\($0.succeeded)" }, ["FAILED"] + rows.map { "\($0.failed)" },
            ["LAST FAILURE"] + rows.map(\.lastFailure),
        ]
        let widths = columns.map { $0.map(\.utf8.count).max() ?? 0 }
        let lines = (0...rows.count).map { line in
            columns.indices.map { column in
                let cell = columns[column][line]
                // The last one needs no room behind it.
                return column == columns.count - 1
                    ? cell : cell + String(repeating: " ", count: widths[column] - cell.utf8.count)
            }.joined(separator: "  ")
        }
        return ([heading, ""] + lines).joined(separator: "\n")
    }
}
