/// A group of keys without the types behind it: what documents and the schema are made from.
struct ConfigurationOutline: Sendable {
    /// One key.
    struct Row: Sendable {
        let name: String
        let kind: ConfigurationKind
        /// One sentence, or more.
        let summary: String
        let isRequired: Bool
        /// The value when the key is absent, as it would be written; nil when there is none.
        let defaultText: String?
        /// What of it does nothing in this version; nil when all of it works.
        let limitation: String?
    }

    /// The keys, in the order of the documents.
    let rows: [Row]
}
