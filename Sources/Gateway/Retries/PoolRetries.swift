package import Resilience
import Synchronization

/// When an attempt of a pool is made again, and how many are, in the whole process: a leaf value that all shards share.
///
/// On the path of a call a shard adds one to a counter of its own. The budget behind the mutex is asked only when an attempt
/// has failed and there is somebody else to ask.
package final class PoolRetries: Sendable {
    /// Attempts of one call, the first included.
    package let maximumAttempts: Int
    /// How long is waited before one of them.
    package let backoff: Backoff
    /// Calls that were begun, by shard.
    private let calls: ShardTallies
    private let account: Mutex<Account>
    private let refusals: Atomic<Int>

    private struct Account {
        var budget: RetryBudget
        var countedCalls: UInt64 = 0

        mutating func count(calls total: UInt64, at now: MonotonicTime) {
            // Another shard may have looked later and been first.
            guard total > countedCalls else { return }
            budget.deposit(calls: Int(clamping: total &- countedCalls), at: now)
            countedCalls = total
        }
    }

    /// No attempt has been made, but `refusalCount` were refused before; `shardCount` shards share it.
    package init(_ settings: RetrySettings, shardCount: Int, refusalCount: Int = 0) {
        refusals = Atomic(refusalCount)
        maximumAttempts = settings.attempts
        backoff = Backoff(base: settings.backoff, maximum: settings.maximumBackoff)
        calls = ShardTallies(count: shardCount)
        account = Mutex(Account(budget: RetryBudget(share: settings.budget)))
    }

    /// Takes note of a call that begins, in the shard with this number.
    func began(shard: Int) { calls.add(shard: shard) }

    /// Tells the budget of the calls that there were since it was told last; once a second is exact.
    package func countCalls(at now: MonotonicTime) {
        let total = calls.total
        account.withLock { $0.count(calls: total, at: now) }
    }

    /// Takes one more attempt out of the budget; `false` if there is nothing left.
    package func withdraw(at now: MonotonicTime) -> Bool {
        let total = calls.total
        let isGranted = account.withLock { account in
            account.count(calls: total, at: now)
            return account.budget.withdraw(at: now)
        }
        if !isGranted { refusals.add(1, ordering: .relaxed) }
        return isGranted
    }

    /// How many attempts were not made because there had been too many.
    package var refusalCount: Int { refusals.load(ordering: .relaxed) }
}
