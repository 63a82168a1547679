import ArgumentParser
import Logging

/// Everything that the monitor was told, checked.
struct MonitorSettings: Sendable {
    /// The servers, in the order in which they were given.
    var servers = ServerList()
    /// How they are probed.
    var probe = ProbeSettings()
    /// A file of certificates, in PEM, that are trusted beside the system's.
    var authorityFile: String?
    /// Where metrics and health are served.
    var listen = ListenAddress.standard
    /// The least level that is logged.
    var logLevel = Logger.Level.info
}

/// What is wrong with what the monitor was told.
struct MonitorComplaints: Error, Hashable {
    /// Whole lines for standard error; those about a file begin with its name, others with that of the program.
    var lines: [String]
    /// How the process ends: 64 if the command line is wrong, 78 if a variable or a file is.
    var exitCode: ExitCode

    /// Lines as they are.
    init(lines: [String], exitCode: ExitCode) {
        self.lines = lines
        self.exitCode = exitCode
    }

    /// One sentence.
    init(_ reason: String, exitCode: ExitCode) {
        self.init(lines: ["mcp-monitor: \(reason)"], exitCode: exitCode)
    }
}
