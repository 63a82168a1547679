/// One complaint about a configuration file: a reason to refuse it, or a warning.
package struct ConfigurationProblem: Error, Hashable, Sendable {
    /// Where in the file.
    package let position: ConfigurationPosition
    /// Which key, as `pools.tools.backends[2].weight`; empty when the file as a whole is meant.
    package let keyPath: String
    /// What is wrong, one line of printable characters; never the value of a secret.
    package let message: String
    /// What was probably meant; nil when nothing comes near.
    package let suggestion: String?

    package init(
        at position: ConfigurationPosition, keyPath: String = "", _ message: String, suggestion: String? = nil
    ) {
        self.position = position
        self.keyPath = keyPath
        self.message = message
        self.suggestion = suggestion
    }

    /// The complaint as executables print it: `FILE:LINE:COLUMN: KEYPATH: what is wrong; did you mean "backends"?`.
    package func text(file: String) -> String {
        var text = "\(file):\(position.line):\(position.column): "
        if !keyPath.isEmpty { text += "\(keyPath): " }
        text += message
        if let suggestion { text += "; did you mean \(suggestion.shown)?" }
        return text
    }

    /// The complaint about a file beyond `ConfigurationText.maximumByteCount`.
    static let tooLarge = ConfigurationProblem(
        at: .start, "is larger than \(ConfigurationText.maximumByteCount.sizeText), too large for a configuration")
}
