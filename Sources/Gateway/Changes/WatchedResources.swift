import Resilience

/// The resources of one pool of which answers have been kept: those of whose changes a backend is to tell.
///
/// At most `countLimit` of them with at most `byteLimit` bytes; the one that has not been kept for longest goes first.
package struct WatchedResources: Sendable {
    static let countLimit = 1_000
    static let byteLimit = 262_144
    /// Longer URIs are not watched: their answers end with their time.
    static let longestURI = 2_048

    private var table = RecencyTable<[UInt8], Void>()
    private var uris: Set<[UInt8]> = []
    private var byteCount = 0
    /// Raised with every change of the list; 0 while it has been empty always.
    package private(set) var version: UInt64 = 0

    /// Nothing is watched.
    package init() {}

    /// The URIs, in no order.
    package var all: Set<[UInt8]> { uris }

    /// An answer that was read from `uri` has been kept.
    package mutating func note(_ uri: [UInt8]) {
        guard uri.count <= WatchedResources.longestURI, table.set(uri, to: ()) == nil else { return }
        uris.insert(uri)
        byteCount += uri.count
        version &+= 1
        while uris.count > WatchedResources.countLimit || byteCount > WatchedResources.byteLimit,
            let oldest = table.removeOldest()
        {
            uris.remove(oldest.key)
            byteCount -= oldest.key.count
        }
    }
}
