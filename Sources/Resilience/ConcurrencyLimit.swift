/// How many calls of a pool may be in flight, found out from how long they take.
///
/// While calls take as long as they usually do, the limit grows by about its square root, a short queue; when they take
/// longer because too many are there, it shrinks in proportion. The gradient rule of Netflix' concurrency-limits
/// (`Gradient2Limit`) with the figures of this project:
///
///     g     = clamp(1.5 * long / short, 0.5, 1)
///     limit = 0.8 * limit + 0.2 * (limit * g + sqrt(limit))
///
/// It stays as it is while less than half of it is used. Instead of times it may be told how much longer than usual calls
/// took (`UsualTimes`), in any unit.
///
/// One for each pool and process. Shards gather a `Window` each (two additions and a comparison for a call), and every
/// 100 ms somebody adds them up and closes them: constant cost. Allocates nothing.
public struct ConcurrencyLimit: Sendable {
    /// What is gathered of the calls of a window.
    @frozen
    public struct Window: Hashable, Sendable {
        /// Calls that ended.
        public var count: Int
        /// How long they took together.
        public var nanoseconds: Int64
        /// The most that were in flight at a time.
        public var mostInFlight: Int

        /// Nothing gathered.
        @inlinable
        public init() {
            count = 0
            nanoseconds = 0
            mostInFlight = 0
        }

        /// Takes note of a call that took so long; until its head only, if its answer is a stream.
        @inlinable
        public mutating func add(nanoseconds time: Int64) {
            count &+= 1
            nanoseconds &+= max(time, 0)
        }

        /// Takes note of how many are in flight now.
        @inlinable
        public mutating func reach(inFlight: Int) {
            mostInFlight = max(mostInFlight, inFlight)
        }

        /// Adds what another shard gathered in the same window. What was most is added up: it may have been at the same time.
        @inlinable
        public mutating func merge(_ other: Window) {
            count &+= other.count
            nanoseconds &+= other.nanoseconds
            mostInFlight &+= other.mostInFlight
        }
    }

    /// The length of a window.
    public static let windowLength = Duration.milliseconds(100)
    /// With fewer calls in it, a window says nothing.
    public static let minimumCount = 10

    private static let windows = 600.0
    /// So many windows are averaged plainly at first.
    private static let warmUp = 10

    private let range: ClosedRange<Double>
    private var exact: Double
    /// The average over many windows, in nanoseconds, and the number of windows in it.
    private var long = 0.0
    private var windowCount = 0

    /// A limit that begins at `initial` and stays in `range`, which is cut to 1…1,000,000.
    public init(initial: Int = 64, range: ClosedRange<Int> = 8...2_000) {
        let lower = Double(min(max(range.lowerBound, 1), 1_000_000))
        self.range = lower...max(Double(min(range.upperBound, 1_000_000)), lower)
        exact = min(max(Double(initial), lower), self.range.upperBound)
    }

    /// Calls that may be in flight.
    public var limit: Int { Int(exact) }

    /// What calls usually take; `nil` before the first window.
    public var usualTime: Duration? { windowCount == 0 ? nil : .nanoseconds(Int64(long)) }

    /// Moves the limit to `factor` times what it is, as far as it may be: for a pool that has become so many times as large.
    /// What calls usually take stays known.
    public mutating func scale(by factor: Double) {
        guard factor.isFinite, factor > 0 else { return }
        exact = min(max(exact * factor, range.lowerBound), range.upperBound)
    }

    /// Takes note of a window that has ended, and returns the limit.
    @discardableResult
    public mutating func close(_ window: Window) -> Int {
        guard window.count >= ConcurrencyLimit.minimumCount, window.nanoseconds >= 0 else { return limit }
        // One at least, so that nothing is divided by zero.
        let short = max(Double(window.nanoseconds) / Double(window.count), 1)
        windowCount = min(windowCount + 1, ConcurrencyLimit.warmUp + 1)
        let weight =
            windowCount <= ConcurrencyLimit.warmUp ? 1 / Double(windowCount) : 2 / (ConcurrencyLimit.windows + 1)
        long += (short - long) * weight
        // After a time of overload the usual time is too long, and would take a minute to come down.
        if long > 2 * short { long *= 0.95 }
        // What is not used is neither too much nor too little: where few calls are in flight, chance would make it smaller and
        // smaller.
        guard Double(window.mostInFlight) * 2 >= exact else { return limit }
        let gradient = min(max(1.5 * long / short, 0.5), 1)
        let wanted = 0.8 * exact + 0.2 * (exact * gradient + exact.squareRoot())
        exact = min(max(wanted, range.lowerBound), range.upperBound)
        return limit
    }
}
