/// The tables in which a scanner finds duplicate names: owned by the caller and used for one text after another.
///
/// Holds the names of all objects that are open, as a stack: those of an inner object lie above those of the outer one
/// and go when it closes. Up to 16 names of an object are compared one by one; from the 17th on the object's names are
/// also in a hash table with a secret seed (SipHash-1-3), so no choice of names takes more than linear time. Keeps its
/// storage, so that after a while nothing is allocated: at most about 4 MB after a text of 100,000 members.
///
/// Every entry of the table is removed in the reverse order of its insertion; that is why, with linear probing, a slot
/// can just be emptied.
public struct JSONScratch: ~Copyable {
    /// One name of an open object.
    struct Name {
        /// The first eight bytes after unescaping, the first one lowest, zeros behind the end.
        var key: UInt64
        /// Where the bytes begin: in the text, or in the arena.
        var start: UInt32
        /// The number of bytes, and in the highest bit whether they lie in the arena.
        var lengthAndPlace: UInt32

        @inline(__always)
        init(key: UInt64, start: Int, length: Int, isInArena: Bool) {
            self.key = key
            self.start = UInt32(truncatingIfNeeded: start)
            self.lengthAndPlace = UInt32(truncatingIfNeeded: length) | (isInArena ? 1 &<< 31 : 0)
        }

        @inline(__always) var length: Int { Int(lengthAndPlace & 0x7FFF_FFFF) }
        @inline(__always) var end: Int { Int(start) &+ length }
        @inline(__always) var isInArena: Bool { lengthAndPlace &>> 31 != 0 }
    }

    /// Where the names of an object begin.
    private struct Frame {
        var names: UInt32
        var arena: UInt32
    }

    /// Where a name is in the table.
    private struct Place {
        var slot: UInt32
        var hash: UInt32
    }

    private static let linearLimit = 16

    private var names: UnsafeMutablePointer<Name>
    private var places: UnsafeMutablePointer<Place>
    private var capacity: Int
    private var count = 0

    private let frames: UnsafeMutablePointer<Frame>
    private var frameCount = 0
    /// Where the names of the innermost object begin.
    private var frameStart = 0

    /// Positions of names plus 1; 0 is empty. A power of two of slots, at most half of them full.
    private var table: UnsafeMutablePointer<UInt32>
    private var tableMask = -1
    private var tableCount = 0

    /// The unescaped bytes of names that do not stand in the text as they are.
    private var arena: [UInt8] = []

    private let seed: (UInt64, UInt64)

    /// How many values the current text has had.
    var valueCount = 0
    /// Where the first name that an object had before begins; −1 if there was none.
    var duplicateOffset = -1

    /// Empty tables. `seed` should be random and secret where the texts come from strangers.
    public init(seed: UInt64) {
        var state = seed
        func next() -> UInt64 {
            // SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators).
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ mixed &>> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed &>> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed &>> 31
        }
        self.seed = (next(), next())
        capacity = 64
        names = .allocate(capacity: capacity)
        places = .allocate(capacity: capacity)
        frames = .allocate(capacity: JSONLimits.depth + 1)
        table = .allocate(capacity: 1)
    }

    deinit {
        names.deallocate()
        places.deallocate()
        frames.deallocate()
        table.deallocate()
    }

    /// Makes ready for the next text.
    @inline(__always)
    mutating func begin() {
        while frameCount > 0 { closeObject() }
        valueCount = 0
        duplicateOffset = -1
    }

    /// An object begins.
    @inline(__always)
    mutating func openObject() {
        precondition(frameCount < JSONLimits.depth, "the scanner bounds the depth")
        frames[frameCount] = Frame(
            names: UInt32(truncatingIfNeeded: count), arena: UInt32(truncatingIfNeeded: arena.count))
        frameCount &+= 1
        frameStart = count
    }

    /// The innermost object ends.
    @inline(__always)
    mutating func closeObject() {
        precondition(frameCount > 0, "an object is open")
        frameCount &-= 1
        let frame = frames[frameCount]
        if count &- frameStart > Self.linearLimit { emptySlots(downTo: frameStart) }
        count = frameStart
        frameStart = frameCount > 0 ? Int(frames[frameCount &- 1].names) : 0
        if arena.count > Int(frame.arena) { arena.removeLast(arena.count &- Int(frame.arena)) }
    }

    /// Copies bytes of a name to the arena; they stay until the object closes.
    mutating func keep(_ byte: UInt8) { arena.append(byte) }
    /// Copies bytes of a name to the arena; they stay until the object closes.
    mutating func keep(_ bytes: ByteView) { arena.append(contentsOf: bytes.raw) }
    /// How many bytes the arena holds.
    var arenaCount: Int { arena.count }

    /// The first eight bytes of a name in the arena, as in `Name.key`.
    func arenaKey(from start: Int) -> UInt64 {
        var key: UInt64 = 0
        for (position, byte) in arena[min(start, arena.count)...].prefix(8).enumerated() {
            key |= UInt64(byte) &<< UInt64(8 &* position)
        }
        return key
    }

    /// Whether a name is `other`. Mutates nothing; that it says so keeps the compiler from copying the tables.
    @inline(__always)
    mutating func equals(_ name: Name, _ other: StaticString, in bytes: ByteView) -> Bool {
        let text = ByteView(UnsafeRawBufferPointer(start: other.utf8Start, count: other.utf8CodeUnitCount))
        guard name.isInArena else {
            return bytes.slice(from: Int(name.start), to: name.end).equals(text)
        }
        return withBytes(of: name, in: bytes) { $0.equals(text) }
    }

    /// Adds a name to the innermost object. `false` if the object has it already.
    @inline(__always)
    mutating func insert(_ name: Name, in bytes: ByteView) -> Bool {
        guard count &- frameStart < Self.linearLimit, count < capacity else {
            return insertHashed(name, from: frameStart, in: bytes)
        }
        var position = frameStart
        while position < count {
            if names[position].key == name.key, isSame(names[position], name, in: bytes) { return false }
            position &+= 1
        }
        names[count] = name
        count &+= 1
        return true
    }

    /// Whether two names with the same key are the same.
    @inline(__always)
    private mutating func isSame(_ left: Name, _ right: Name, in bytes: ByteView) -> Bool {
        guard left.length == right.length else { return false }
        return left.length <= 8 || hasSameBytes(left, right, in: bytes)
    }

    @inline(never)
    private mutating func hasSameBytes(_ left: Name, _ right: Name, in bytes: ByteView) -> Bool {
        arena.withUnsafeBytes { arena in
            let arena = ByteView(arena)
            let leftBytes = (left.isInArena ? arena : bytes).slice(from: Int(left.start), to: left.end)
            return leftBytes.equals((right.isInArena ? arena : bytes).slice(from: Int(right.start), to: right.end))
        }
    }

    private func withBytes<Result>(of name: Name, in bytes: ByteView, _ body: (ByteView) -> Result) -> Result {
        guard name.isInArena else { return body(bytes.slice(from: Int(name.start), to: name.end)) }
        return arena.withUnsafeBytes { body(ByteView($0).slice(from: Int(name.start), to: name.end)) }
    }

    // MARK: The table

    @inline(never)
    private mutating func insertHashed(_ name: Name, from start: Int, in bytes: ByteView) -> Bool {
        if count == capacity { growNames() }
        let size = count &- start
        if size < Self.linearLimit { return insert(name, in: bytes) }
        makeRoom(for: size == Self.linearLimit ? size &+ 1 : 1)
        if size == Self.linearLimit {
            for position in start..<count { fill(position, hash: hash(names[position], from: start, in: bytes)) }
        }
        let hash = hash(name, from: start, in: bytes)
        var slot = Int(hash) & tableMask
        while table[slot] != 0 {
            let position = Int(table[slot]) &- 1
            if position >= start, places[position].hash == hash, names[position].key == name.key,
                isSame(names[position], name, in: bytes)
            {
                // The 16 before it went into the table on the premise that one more comes.
                if size == Self.linearLimit { emptySlots(downTo: start) }
                return false
            }
            slot = (slot &+ 1) & tableMask
        }
        names[count] = name
        count &+= 1
        fill(count &- 1, hash: hash)
        return true
    }

    private mutating func growNames() {
        let larger = capacity &* 2
        let newNames = UnsafeMutablePointer<Name>.allocate(capacity: larger)
        newNames.update(from: names, count: count)
        names.deallocate()
        names = newNames
        let newPlaces = UnsafeMutablePointer<Place>.allocate(capacity: larger)
        newPlaces.update(from: places, count: count)
        places.deallocate()
        places = newPlaces
        capacity = larger
    }

    /// Puts the name at `position` into the first free slot of its run.
    private mutating func fill(_ position: Int, hash: UInt32) {
        var slot = Int(hash) & tableMask
        while table[slot] != 0 { slot = (slot &+ 1) & tableMask }
        table[slot] = UInt32(truncatingIfNeeded: position &+ 1)
        places[position] = Place(slot: UInt32(truncatingIfNeeded: slot), hash: hash)
        tableCount &+= 1
    }

    @inline(never)
    private mutating func emptySlots(downTo start: Int) {
        for position in start..<count { table[Int(places[position].slot)] = 0 }
        tableCount &-= count &- start
    }

    /// Makes the table large enough for `more` names beyond those that it has.
    private mutating func makeRoom(for more: Int) {
        let slots = tableMask &+ 1
        guard (tableCount &+ more) &* 2 > slots else { return }
        var larger = max(slots, 64)
        while (tableCount &+ more) &* 2 > larger { larger &*= 2 }
        table.deallocate()
        table = .allocate(capacity: larger)
        table.initialize(repeating: 0, count: larger)
        tableMask = larger &- 1
        tableCount = 0
        // From the outermost object inwards, as they came: see the type's comment.
        for frame in 0..<frameCount {
            let start = Int(frames[frame].names)
            let end = frame &+ 1 < frameCount ? Int(frames[frame &+ 1].names) : count
            guard end &- start > Self.linearLimit else { continue }
            for position in start..<end { fill(position, hash: places[position].hash) }
        }
    }

    /// SipHash-1-3 of a name, different for each open object that has the name.
    private func hash(_ name: Name, from start: Int, in bytes: ByteView) -> UInt32 {
        let hash =
            withBytes(of: name, in: bytes) { SipHash.hash($0, key: seed) } &+ UInt64(start) &* 0x9E37_79B9_7F4A_7C15
        return UInt32(truncatingIfNeeded: hash ^ hash &>> 32)
    }
}

extension JSONScratch: @unchecked Sendable {
    // The memory behind the pointers has one owner: this value, which cannot be copied.
}
