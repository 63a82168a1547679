/// Why there is no new configuration: all that is wrong with the file, as people read it.
package struct ConfigurationFailure: Error, Hashable, Sendable {
    /// One line each; at least one.
    package let complaints: [String]

    package init(complaints: [String]) {
        self.complaints = complaints
    }
}
