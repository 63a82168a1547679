/// What is wrong with a text in a configuration file.
struct ConfigurationTextError: Error {
    /// The whole complaint; nil for "must be …, is …", which the reader of the value knows to say.
    let message: String?
    /// What was probably meant.
    let suggestion: String?

    /// - Parameters:
    ///   - message: the whole complaint; needed where the text must not be shown.
    ///   - suggestion: what was probably meant.
    init(_ message: String? = nil, suggestion: String? = nil) {
        self.message = message
        self.suggestion = suggestion
    }
}
