import Wire

/// What a probe has found out about a server.
struct ProbeFindings: Hashable, Sendable {
    /// The era in which it was asked; `nil` while it is not known.
    var era: MCPEra?
    /// The revision in which it was asked.
    var revision: MCPProtocolVersion?
    /// What it runs, by its own account: name and version.
    var software: String?
    /// How many tools its list begins with.
    var toolCount: Int?
    /// What its health page says; `nil` if that was not asked for.
    var health: HealthPage?
    /// What went wrong in speaking MCP.
    var failure: ProbeFailure?
    /// Where it did.
    var failedStep: ProbeStep?

    /// The verdict: MCP counts first, then the health page.
    var status: ProbeStatus {
        failure?.status ?? health?.status ?? .ok
    }

    /// Why the verdict is not `ok`.
    var reason: String? {
        failure?.reason ?? health?.reason
    }

    /// The step that has decided the verdict, unless it is `ok`.
    var stage: ProbeStep? {
        failure != nil ? failedStep : status == .ok ? nil : .health
    }

    /// Name and version as a server gives them, fit for people; `nil` if it gives none.
    static func software(_ info: JSONValue?) -> String? {
        guard let name = info?["name"]?.stringValue else { return nil }
        let version = info?["version"]?.stringValue.map { " \($0)" } ?? ""
        return ProbeFailure.quoted(name + version)
    }
}
