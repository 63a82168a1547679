/// What the configuration says of keeping the answers to one method or tool.
package struct CacheRule: Hashable, Sendable {
    /// How long answers are kept that say nothing of it themselves; `nil`: they are not.
    package var lifetime: Duration?
    /// Whether a call of the tool may be repeated. Counts for `tools/call` only, where nothing is kept without.
    package var isRepeatable: Bool
    /// Whether answers that say nothing of whom they are for are for everybody; else each is for its caller alone.
    package var isPublic: Bool
    /// Whether what answers say of it themselves counts.
    package var usesHints: Bool
    /// Whether the same answer is right for clients of every revision, whatever they say that they can do.
    package var isAcrossRevisions: Bool

    /// By default, only what servers say themselves.
    package init(
        lifetime: Duration? = nil, isRepeatable: Bool = false, isPublic: Bool = false, usesHints: Bool = true,
        isAcrossRevisions: Bool = false
    ) {
        self.lifetime = lifetime
        self.isRepeatable = isRepeatable
        self.isPublic = isPublic
        self.usesHints = usesHints
        self.isAcrossRevisions = isAcrossRevisions
    }
}
