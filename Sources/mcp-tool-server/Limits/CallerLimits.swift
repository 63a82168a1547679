import MCPServer
import NIOCore
import Resilience
import Synchronization

/// A rate limit for each caller, of all event loops together.
final class CallerLimits: RequestAdmission {
    private let table: Mutex<RateLimitTable<CallerKey>>

    /// `count` requests (1…) a minute for each caller, all of which may come at once.
    init(countPerMinute count: Int) {
        table = Mutex(RateLimitTable(RateLimit(count: count, per: .seconds(60))))
    }

    func decide(_ caller: RequestCaller) -> RequestVerdict {
        let key = CallerKey(caller)
        let now = MonotonicTime(nanoseconds: Int64(clamping: caller.now.uptimeNanoseconds))
        switch table.withLock({ $0.decide(key, at: now) }) {
        case .admitted:
            return .serve
        case .refused(let wait):
            let (seconds, attoseconds) = wait.components
            return .refuse(retryAfterSeconds: max(1, Int(clamping: seconds) &+ (attoseconds > 0 ? 1 : 0)))
        }
    }
}
