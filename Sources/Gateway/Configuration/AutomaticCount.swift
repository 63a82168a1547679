/// A number that the gateway chooses unless the configuration does.
package enum AutomaticCount: Hashable, Sendable {
    /// Fitted to the machine, or to what is measured.
    case automatic
    /// As the configuration says.
    case fixed(Int)
}
