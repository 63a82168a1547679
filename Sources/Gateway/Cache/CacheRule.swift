/// What the configuration says of keeping the answers to one method or tool.
package struct CacheRule: Hashable, Sendable {
    /// How long answers are kept that say nothing of it themselves; `nil`: they are not.
    package var lifetime: Duration?
    /// Whether a call of the tool may be repeated. Counts for `tools/call` only, where nothing is kept without.
    package var isRepeatable: Bool

    /// By default, only what servers say themselves.
    package init(lifetime: Duration? = nil, isRepeatable: Bool = false) {
        self.lifetime = lifetime
        self.isRepeatable = isRepeatable
    }
}
