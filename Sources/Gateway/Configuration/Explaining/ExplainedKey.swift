/// One key of an effective configuration.
struct ExplainedKey: Sendable {
    /// The name, as it stands in the file.
    let name: String
    /// Its value; nil when it is absent and has no default.
    let value: ExplainedValue?
    /// What its absence means, as a phrase; nil when nobody has said.
    var absence: String?
    /// What of its value does nothing in this version, as a phrase; nil when all of it works.
    var limitation: String?
}
