import Wire

/// The reports of one round as one JSON object, for programs.
struct ReportJSON {
    private let reports: [ProbeReport]
    private let isHealthy: Bool

    /// An object with one element for each report; whether the round counts as a success.
    init(_ reports: [ProbeReport], isHealthy: Bool) {
        self.reports = reports
        self.isHealthy = isHealthy
    }

    /// The object, on one line. What is not known is `null`, times are in seconds.
    var text: String {
        let value: JSONValue = [
            "healthy": .bool(isHealthy), "servers": .array(reports.map(ReportJSON.value)),
        ]
        return "\(value)"
    }

    private static func value(_ report: ProbeReport) -> JSONValue {
        let findings = report.findings
        var times = JSONObject()
        for column in ProbeReport.Column.allCases {
            times[column.rawValue] = report.time(column).map { .double(Double($0.nanoseconds) / 1e9) } ?? .null
        }
        return [
            "server": .string(report.server.name), "url": .string(report.server.url.description),
            "status": .string(findings.status.rawValue), "available": .bool(findings.status.isAvailable),
            "era": findings.era.map { $0 == .modern ? "modern" : "legacy" } ?? .null,
            "revision": findings.revision.map { .string("\($0.text)") } ?? .null,
            "software": findings.software.map { .string($0) } ?? .null,
            "tools": findings.toolCount.map { .integer($0) } ?? .null,
            "stage": findings.stage.map { .string($0.rawValue) } ?? .null,
            "reason": findings.reason.map { .string($0) } ?? .null,
            "certificate_expiry": report.certificateExpiry.map { .integer($0) } ?? .null,
            "seconds": .object(times),
        ]
    }
}
