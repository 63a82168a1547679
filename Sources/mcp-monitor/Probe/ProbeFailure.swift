/// Why a probe did not find a server as it should be.
struct ProbeFailure: Error, Hashable, Sendable {
    /// The kind.
    var status: ProbeStatus
    /// A sentence without a full stop, on one line. What the server said in it is cut and made printable.
    var reason: String

    /// A failure.
    init(_ status: ProbeStatus, _ reason: String) {
        self.status = status
        self.reason = reason
    }
}

extension ProbeFailure {
    /// Text of a server, fit for a log, a table and a terminal: printable, on one line, at most 160 characters.
    static func quoted(_ text: String) -> String {
        var quoted = ""
        for scalar in text.unicodeScalars.prefix(160) {
            let isPrintable = scalar.properties.generalCategory.isPrintable
            quoted.unicodeScalars.append(isPrintable ? scalar : " ")
        }
        return text.unicodeScalars.count > 160 ? quoted + "…" : quoted
    }
}

extension Unicode.GeneralCategory {
    /// Whether it shows as itself and changes nothing around it, as controls and marks of direction do.
    fileprivate var isPrintable: Bool {
        switch self {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
