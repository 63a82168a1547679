/// A place in a configuration file.
package struct ConfigurationPosition: Hashable, Comparable, Sendable {
    /// Counted from 1.
    package let line: Int
    /// Counted from 1, in Unicode scalars, as editors count.
    package let column: Int

    /// The first character of the file.
    package static let start = ConfigurationPosition(line: 1, column: 1)

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// In the order of the text.
    package static func < (left: Self, right: Self) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}
