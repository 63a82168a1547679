/// Why bytes from a shared store are not a record to be served; each is a miss that is counted.
package enum CacheRecordRejection: Error, Hashable, Sendable, CaseIterable {
    /// They do not begin like a record of this version.
    case version
    /// They are fewer or more than they say.
    case length
    /// They were kept under another key.
    case key
    /// They were not sealed with this secret, or have been changed since.
    case seal
    /// What was sealed makes no sense, or is longer than what is kept here.
    case content
}
