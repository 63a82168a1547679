import ArgumentParser

/// Everything that is wrong with what a server was told.
struct ConfigurationComplaints: Error, Hashable, CustomStringConvertible {
    /// Who said it.
    enum Source: Hashable {
        /// The flag of that name, without hyphens.
        case flag(String)
        /// The environment variable of that name.
        case variable(String)
    }

    /// One thing that is wrong.
    struct Complaint: Hashable, CustomStringConvertible {
        /// Who said it.
        var source: Source
        /// The end of a sentence that begins with the name.
        var reason: String

        var description: String {
            switch source {
            case .flag(let name): "--\(name) \(reason)"
            case .variable(let name): "\(name) \(reason)"
            }
        }
    }

    /// In the order of the settings; not empty when it is thrown.
    var all: [Complaint] = []

    /// All of it, on one line.
    var description: String { all.map(\.description).joined(separator: "; ") }

    /// How the process ends: 64 if the command line is wrong, else 78 (design of all executables: sysexits).
    var exitCode: ExitCode {
        let isUsage = all.contains { if case .flag = $0.source { true } else { false } }
        return isUsage ? ExitCode.validationFailure : .badConfiguration
    }
}
