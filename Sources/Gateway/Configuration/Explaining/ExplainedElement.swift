/// One element of a list.
struct ExplainedElement: Sendable {
    /// What no other element of the list has; nil for one that may be there twice.
    let identity: String?
    let value: ExplainedValue
}
