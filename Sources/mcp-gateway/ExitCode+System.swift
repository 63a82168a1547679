import ArgumentParser

extension ExitCode {
    /// An address or another resource cannot be had (`EX_UNAVAILABLE` of sysexits).
    static let unavailable = ExitCode(69)
    /// The configuration is bad (`EX_CONFIG` of sysexits).
    static let badConfiguration = ExitCode(78)
}
