/// Why a configuration file was refused: all that is wrong with it, in the order of its lines.
package struct ConfigurationRejection: Error, Hashable, Sendable {
    /// At least one, at most `maximumProblemCount`.
    package let problems: [ConfigurationProblem]
    /// Problems that were found beyond those.
    package let omittedCount: Int

    /// More complaints than this help nobody.
    package static let maximumProblemCount = 20

    init(_ found: [ConfigurationProblem]) {
        let sorted = found.inOrderOfLines
        problems = Array(sorted.prefix(Self.maximumProblemCount))
        omittedCount = sorted.count - problems.count
    }

    /// The complaints as executables print them, one a line.
    package func lines(file: String) -> [String] {
        var lines = problems.map { $0.text(file: file) }
        if omittedCount > 0 { lines.append("\(file): \(omittedCount) more problems") }
        return lines
    }
}

extension [ConfigurationProblem] {
    /// The problems as someone meets them who reads the file; those of one place stay as they were found.
    var inOrderOfLines: [ConfigurationProblem] {
        enumerated()
            .sorted { ($0.element.position, $0.offset) < ($1.element.position, $1.offset) }
            .map(\.element)
    }
}
