/// A configuration that was accepted, and what its author should know all the same.
package struct LoadedConfiguration: Sendable {
    /// The validated values.
    package let configuration: GatewayConfiguration
    /// In the order of the lines of the file; at most `ConfigurationRejection.maximumProblemCount`.
    package let warnings: [ConfigurationProblem]
}
