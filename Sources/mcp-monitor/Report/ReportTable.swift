import Wire

/// The reports of one round as a table for people.
struct ReportTable {
    private let reports: [ProbeReport]

    /// A table with one row for each report.
    init(_ reports: [ProbeReport]) {
        self.reports = reports
    }

    /// The table, each row with its line end. Reasons stand in the last column, so that they may be of any length.
    var text: String {
        let header =
            ["SERVER", "STATUS", "ERA", "REVISION", "TOOLS"]
            + ProbeReport.Column.allCases.map {
                $0.rawValue.uppercased()
            } + ["REASON"]
        let rows = [header] + reports.map(ReportTable.row)
        let widths = header.indices.map { column in rows.map { $0[column].unicodeScalars.count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.indices.map { column -> String in
                let padding = String(repeating: " ", count: widths[column] - row[column].unicodeScalars.count)
                // Numbers to the right, words to the left.
                return (4...10).contains(column) ? padding + row[column] : row[column] + padding
            }
            var line = cells.joined(separator: "  ")
            while line.hasSuffix(" ") { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    private static func row(_ report: ProbeReport) -> [String] {
        let findings = report.findings
        return [
            report.server.name, findings.status.rawValue,
            findings.era.map { $0 == .modern ? "modern" : "legacy" } ?? "-",
            findings.revision.map { "\($0.text)" } ?? "-", findings.toolCount.map { "\($0)" } ?? "-",
        ] + ProbeReport.Column.allCases.map { report.time($0).map(milliseconds) ?? "-" } + [findings.reason ?? ""]
    }

    /// `0.4ms`, `12.0ms`, `3204ms`.
    private static func milliseconds(_ duration: Duration) -> String {
        let tenths = (duration.nanoseconds + 50_000) / 100_000
        return tenths >= 10_000 ? "\((tenths + 5) / 10)ms" : "\(tenths / 10).\(tenths % 10)ms"
    }
}
