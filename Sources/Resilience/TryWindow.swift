/// Counts over the last tries, however long ago they were; the other kind of window beside `SlidingWindow`.
///
/// Constant cost per try, one byte of memory for each. Allocates only in `init`.
struct TryWindow: Sendable {
    /// The greatest capacity.
    static let maximumCapacity = 100_000

    /// What one try was.
    private enum Kind: UInt8 {
        case none, success, slow, failure
    }

    private var kinds: [UInt8]
    private var next = 0
    private var totals = SlidingWindow.Counts()

    /// What is in it.
    var counts: SlidingWindow.Counts { totals }

    /// An empty window over the last `capacity` (1…100,000) tries.
    init(capacity: Int) {
        kinds = [UInt8](repeating: 0, count: min(max(capacity, 1), TryWindow.maximumCapacity))
    }

    /// Adds `counts` as if their failures had come last, and returns what is in the window now.
    mutating func add(_ counts: SlidingWindow.Counts) -> SlidingWindow.Counts {
        push(.success, count: counts.total &- counts.failures &- counts.slow)
        push(.slow, count: counts.slow)
        push(.failure, count: counts.failures)
        return totals
    }

    /// Forgets everything.
    mutating func removeAll() {
        for index in kinds.indices { kinds[index] = 0 }
        totals = SlidingWindow.Counts()
        next = 0
    }

    private mutating func push(_ kind: Kind, count: Int) {
        // More than the capacity would only replace each other.
        for _ in 0..<min(max(count, 0), kinds.count) {
            tally(Kind(rawValue: kinds[next]) ?? .none, by: -1)
            tally(kind, by: 1)
            kinds[next] = kind.rawValue
            next = next &+ 1 == kinds.count ? 0 : next &+ 1
        }
    }

    private mutating func tally(_ kind: Kind, by step: Int) {
        switch kind {
        case .none: break
        case .success: totals.total &+= step
        case .slow:
            totals.total &+= step
            totals.slow &+= step
        case .failure:
            totals.total &+= step
            totals.failures &+= step
        }
    }
}
