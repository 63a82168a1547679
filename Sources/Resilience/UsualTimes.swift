/// How much longer calls take than calls of their kind usually do.
///
/// A limit that is fitted to how long calls take must not shrink because callers have turned from a short tool to a long
/// one. So times are compared within a kind, and a window of calls is told as one number without a unit. What is usual is
/// an average over 600 windows, about a minute under load, after the rule of `ConcurrencyLimit`.
///
/// One for each backend and shard. Recording costs two additions; closing a window looks at all kinds. Allocates once, with
/// the first call.
public struct UsualTimes: Sendable {
    /// Kinds that are told apart; what is beyond shares a place with others.
    public static let kindCount = 64

    fileprivate static let warmUp = 10
    fileprivate static let windows = 600.0

    fileprivate struct Kind: Sendable {
        var usual = 0.0
        var windowCount = 0
        var count = 0
        var nanoseconds: Int64 = 0
    }

    private var kinds: [Kind] = []
    /// Calls in the window that is gathered.
    public private(set) var count = 0

    /// Nothing is known.
    public init() {}

    /// Takes note of a call of a kind, any number, that took so long.
    public mutating func record(kind: Int, nanoseconds: Int64) {
        if kinds.isEmpty { kinds = [Kind](repeating: Kind(), count: UsualTimes.kindCount) }
        let place = kind & (UsualTimes.kindCount - 1)
        kinds[place].count &+= 1
        kinds[place].nanoseconds &+= max(nanoseconds, 0)
        count &+= 1
    }

    /// Ends the window: how many times as long as usual its calls took on average, 1 if that is not known; `nil` if there
    /// was none. The next window begins.
    public mutating func close() -> Double? {
        guard count > 0 else { return nil }
        var sum = 0.0
        for index in kinds.indices where kinds[index].count > 0 {
            sum += kinds[index].close() * Double(kinds[index].count)
            kinds[index].count = 0
            kinds[index].nanoseconds = 0
        }
        defer { count = 0 }
        return sum / Double(count)
    }
}

extension UsualTimes.Kind {
    /// How many times as long as usual calls took in the window, which becomes a part of what is usual.
    fileprivate mutating func close() -> Double {
        // One at least, so that nothing is divided by zero.
        let mean = max(Double(nanoseconds) / Double(count), 1)
        let ratio = windowCount == 0 ? 1 : mean / max(usual, 1)
        windowCount = min(windowCount + 1, UsualTimes.warmUp + 1)
        let weight = windowCount <= UsualTimes.warmUp ? 1 / Double(windowCount) : 2 / (UsualTimes.windows + 1)
        usual += (mean - usual) * weight
        // After a time of overload what is usual is too long, and would take a minute to come down.
        if usual > 2 * mean { usual *= 0.95 }
        return ratio
    }
}
