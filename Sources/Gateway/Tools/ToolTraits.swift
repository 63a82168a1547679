/// What one backend says of which of its tools may be called again: the tools of its list by name, UTF-8.
package struct ToolTraits: Hashable, Sendable {
    /// Longer lists are not taken.
    package static let countLimit = 4_096
    /// Tools with longer names, in bytes, are never repeatable.
    package static let longestName = 256

    /// Whether each of the tools may be called again although it may have been executed.
    package private(set) var isRepeatable: [[UInt8]: Bool] = [:]

    /// Of no tool.
    package init() {}

    /// Takes note of a tool; one that is there twice may be called again only if that is said both times.
    ///
    /// - Returns: `false`, and nothing is noted, if there are too many.
    package mutating func note(_ name: [UInt8], isRepeatable: Bool) -> Bool {
        guard name.count <= ToolTraits.longestName else { return true }
        if let other = self.isRepeatable[name] {
            self.isRepeatable[name] = other && isRepeatable
            return true
        }
        guard self.isRepeatable.count < ToolTraits.countLimit else { return false }
        self.isRepeatable[name] = isRepeatable
        return true
    }
}
