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
    private let refusals = Atomic<Int>(0)

    private struct Account {
        var budget: RetryBudget
        var countedCalls: UInt64 = 0
    }

    /// No attempt has been made; `shardCount` shards share it.
    package init(_ settings: RetrySettings, shardCount: Int) {
        maximumAttempts = settings.attempts
        backoff = Backoff(base: settings.backoff, maximum: settings.maximumBackoff)
        calls = ShardTallies(count: shardCount)
        account = Mutex(Account(budget: RetryBudget(share: settings.budget)))
    }

    /// Takes note of a call that begins, in the shard with this number.
    func began(shard: Int) { calls.add(shard: shard) }

    /// Takes one more attempt out of the budget; `false` if there is nothing left.
    package func withdraw(at now: MonotonicTime) -> Bool {
        let total = calls.total
        let isGranted = account.withLock { account in
            account.budget.deposit(calls: Int(clamping: total &- account.countedCalls), at: now)
            account.countedCalls = total
            return account.budget.withdraw(at: now)
        }
        if !isGranted { refusals.add(1, ordering: .relaxed) }
        return isGranted
    }

    /// How many attempts were not made because there had been too many.
    package var refusalCount: Int { refusals.load(ordering: .relaxed) }
}
