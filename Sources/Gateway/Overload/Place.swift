/// What one try of a call takes of the room that there is, from its beginning to the head of its answer.
package struct Place: Sendable {
    /// Whether it has one of the places of its pool.
    var isInPool = false
    /// Whether it has one of the places of its backend.
    var isAtBackend = false
    /// Of whose share it takes a part, as a hash; 0 for nobody's.
    var identity: UInt64 = 0
}
