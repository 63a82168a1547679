/// A configuration that was accepted, with all that the process needs to show, compare and keep it.
package struct AcceptedConfiguration: Sendable {
    /// The values, and where each came from.
    package let explained: ExplainedConfiguration
    /// As `LoadedConfiguration.warnings`.
    package let warnings: [ConfigurationProblem]
    /// What the file held, at most `ConfigurationText.maximumByteCount` bytes. Secrets may stand in it.
    package let contents: [UInt8]
}
