import ArgumentParser

extension ExitCode {
    /// An address or another resource cannot be had (`EX_UNAVAILABLE` of sysexits).
    static let unavailable = ExitCode(69)
    /// A variable or a file is wrong (`EX_CONFIG` of sysexits).
    static let badConfiguration = ExitCode(78)
}
