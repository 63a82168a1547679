import Synchronization
package import Wire

/// What the backends of one pool say of which tools may be called again, for the whole process: a leaf value.
///
/// Readers on one loop write it; shards ask it, but only when an attempt has failed, a breaker is probing, or a second
/// attempt is to be made beside the first. Asking holds a mutex for one look into a table, and allocates nothing unless
/// the name has escapes.
///
/// It errs on the side of not repeating: between the news that the list of a backend has changed and its new list, no tool
/// of the pool counts as repeatable. Others than that backend are asked anew, too, but not waited for: one that hangs must
/// not take from the calls of the others that they can be made again.
package final class ToolTraitsBoard: Sendable {
    /// What one backend has listed.
    private struct Listing {
        var traits: ToolTraits
        /// How many changes were known when its list was asked for.
        var changeCount: UInt64
    }

    /// What shards ask.
    private struct Table {
        /// How many changes have been told of.
        var changeCount: UInt64 = 0
        /// The last of them that was of nobody in particular.
        var lastChange: UInt64 = 0
        /// The last of each backend's own.
        var lastChanges: [Int: UInt64] = [:]
        /// How many changes were known when each list was asked for.
        var listings: [Int: UInt64] = [:]
        /// Whether each list is from after the last change that may be one of it.
        var isSettled = true
        /// The names of the tools that may be called again, by their hash. Where two names have the same, neither is there.
        var repeatable: [UInt64: [UInt8]] = [:]

        /// Takes note of a change of `backend`, or perhaps of all.
        mutating func noteChange(of backend: Int?) {
            changeCount &+= 1
            if let backend { lastChanges[backend] = changeCount } else { lastChange = changeCount }
            settle()
        }

        mutating func settle() {
            isSettled = listings.allSatisfy { $1 >= max(lastChange, lastChanges[$0] ?? 0) }
        }
    }

    private let listings = Mutex<[Int: Listing]>([:])
    private let table = Mutex(Table())

    /// Nothing is known.
    package init() {}

    // MARK: Asking

    /// Whether the tool with this name, which lies in `bytes`, may be called again: at least one backend lists it, and all
    /// that do say so.
    package func isRepeatable(_ name: JSONText, in bytes: ByteView) -> Bool {
        // A byte of the name takes six at most.
        guard name.range.count <= ToolTraits.longestName &* 6 else { return false }
        let hash =
            name.isEscaped
            ? name.unescaped(in: bytes).withUnsafeBytes { ToolTraitsBoard.hash(ByteView($0)) }
            : ToolTraitsBoard.hash(bytes[name.range])
        return table.withLock { table in
            guard table.isSettled, let known = table.repeatable[hash] else { return false }
            return known.withUnsafeBytes { name.equals(ByteView($0), in: bytes) }
        }
    }

    // MARK: Changes

    /// A backend as a board knows it. Another board of the same pool, of another generation, may have others in its place.
    package struct Source: Sendable {
        let board: ToolTraitsBoard
        let backend: Int

        /// The backend at `backend` on `board`.
        package init(_ board: ToolTraitsBoard, backend: Int) {
            self.board = board
            self.backend = backend
        }
    }

    /// The list of `source` has changed, or may have, or that of any if it is `nil` or not of this board: nothing is repeatable
    /// until it has been read again. From anywhere.
    package func noteChange(of source: Source? = nil) {
        let backend = source.flatMap { $0.board === self ? $0.backend : nil }
        table.withLock { $0.noteChange(of: backend) }
    }

    /// How many changes have been told of: ask before a list is.
    package var changeCount: UInt64 { table.withLock { $0.changeCount } }

    /// The backend at `backend` has these tools. `changeCount` is from before it was asked for them.
    package func note(_ traits: ToolTraits, of backend: Int, changeCount: UInt64) {
        change { $0[backend] = Listing(traits: traits, changeCount: changeCount) }
    }

    /// What the backend at `backend` has said does not count any more.
    package func forget(_ backend: Int) {
        change { $0[backend] = nil }
    }

    private func change(_ body: (inout [Int: Listing]) -> Void) {
        listings.withLock { listings in
            body(&listings)
            let repeatable = ToolTraitsBoard.merge(listings.values)
            let changeCounts = listings.mapValues(\.changeCount)
            // What was there before is let go of after the lock.
            _ = table.withLock { (table: inout Table) -> [UInt64: [UInt8]] in
                let before = table.repeatable
                table.repeatable = repeatable
                table.listings = changeCounts
                table.settle()
                return before
            }
        }
    }

    private static func merge(_ listings: some Sequence<Listing>) -> [UInt64: [UInt8]] {
        var all: [[UInt8]: Bool] = [:]
        for listing in listings {
            all.merge(listing.traits.isRepeatable) { $0 && $1 }
        }
        var byHash: [UInt64: [UInt8]] = [:]
        var ambiguous: Set<UInt64> = []
        for (name, isRepeatable) in all where isRepeatable {
            let hash = name.withUnsafeBytes { ToolTraitsBoard.hash(ByteView($0)) }
            if byHash.updateValue(name, forKey: hash) != nil { ambiguous.insert(hash) }
        }
        for hash in ambiguous { byHash[hash] = nil }
        return byHash
    }

    /// Without a secret: whoever makes two names that collide loses the repetition of his own tools.
    private static func hash(_ name: ByteView) -> UInt64 { SipHash.hash(name, key: (0, 0)) }
}
