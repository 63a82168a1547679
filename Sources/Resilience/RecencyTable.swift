/// A dictionary that knows which of its keys has not been used for longest. Every operation has constant cost.
///
/// What bounds it is the owner's business: it asks for the oldest key to be removed when it has too much.
///
/// All of it is inlinable: without specialization most of the time goes into look-ups of generic metadata.
public struct RecencyTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// A place in the list of keys, from the one used last (`newest`) to the one used longest ago (`oldest`).
    @usableFromInline
    struct Slot: Sendable {
        @usableFromInline
        var entry: (key: Key, value: Value)?
        @usableFromInline
        var newer: Int32
        @usableFromInline
        var older: Int32

        @inlinable
        init(entry: (key: Key, value: Value)?, newer: Int32, older: Int32) {
            self.entry = entry
            self.newer = newer
            self.older = older
        }
    }

    @usableFromInline
    var positions: [Key: Int32] = [:]
    @usableFromInline
    var slots: [Slot] = []
    @usableFromInline
    var newest = Int32.none
    @usableFromInline
    var oldest = Int32.none
    /// The first free slot; the others follow by `older`.
    @usableFromInline
    var firstFree = Int32.none

    /// An empty table.
    @inlinable
    public init() {}

    /// Keys in the table.
    @inlinable
    public var count: Int { positions.count }

    /// The value of `key`, which is now the one used last; `nil` if it is not in the table.
    @inlinable
    public mutating func use(_ key: Key) -> Value? {
        guard let position = positions[key] else { return nil }
        moveToFront(position)
        return slots[Int(position)].entry?.value
    }

    /// Gives `key` a value and makes it the one used last; returns the value that it had.
    @inlinable
    @discardableResult
    public mutating func set(_ key: Key, to value: Value) -> Value? {
        if let position = positions[key] {
            moveToFront(position)
            let before = slots[Int(position)].entry?.value
            slots[Int(position)].entry = (key, value)
            return before
        }
        // More would not fit into memory by far.
        precondition(slots.count < Int32.max, "a table has less than 2^31 keys")
        let position: Int32
        if firstFree == Int32.none {
            position = Int32(truncatingIfNeeded: slots.count)
            slots.append(Slot(entry: (key, value), newer: Int32.none, older: Int32.none))
        } else {
            position = firstFree
            firstFree = slots[Int(position)].older
            slots[Int(position)].entry = (key, value)
        }
        positions[key] = position
        pushFront(position)
        return nil
    }

    /// Removes `key`; returns the value that it had.
    @inlinable
    @discardableResult
    public mutating func remove(_ key: Key) -> Value? {
        guard let position = positions.removeValue(forKey: key) else { return nil }
        return free(position)?.value
    }

    /// Removes the key that has not been used for longest.
    @inlinable
    public mutating func removeOldest() -> (key: Key, value: Value)? {
        guard oldest != Int32.none, let entry = free(oldest) else { return nil }
        positions[entry.key] = nil
        return entry
    }

    // MARK: The list

    @inlinable
    mutating func free(_ position: Int32) -> (key: Key, value: Value)? {
        unlink(position)
        let entry = slots[Int(position)].entry
        slots[Int(position)].entry = nil
        slots[Int(position)].older = firstFree
        firstFree = position
        return entry
    }

    @inlinable
    mutating func moveToFront(_ position: Int32) {
        guard position != newest else { return }
        unlink(position)
        pushFront(position)
    }

    @inlinable
    mutating func pushFront(_ position: Int32) {
        slots[Int(position)].newer = Int32.none
        slots[Int(position)].older = newest
        if newest == Int32.none { oldest = position } else { slots[Int(newest)].newer = position }
        newest = position
    }

    @inlinable
    mutating func unlink(_ position: Int32) {
        let (newer, older) = (slots[Int(position)].newer, slots[Int(position)].older)
        if newer == Int32.none { newest = older } else { slots[Int(newer)].older = older }
        if older == Int32.none { oldest = newer } else { slots[Int(older)].newer = newer }
    }
}
