#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A value behind a POSIX mutex, with a condition that threads can wait for; `Synchronization.Mutex` has none.
///
/// For a thread of our own that waits for work. Never wait on a thread that others need.
final class Monitor<Value: Sendable>: @unchecked Sendable {
    // Safe because `value` is only touched between locking and unlocking `mutex`.
    private var value: Value
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    init(_ value: Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        condition.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        #if canImport(Darwin)
            pthread_cond_init(condition, nil)
        #else
            // Waits with a limit follow the monotonic clock, so that setting the date does not stretch them.
            var attributes = pthread_condattr_t()
            pthread_condattr_init(&attributes)
            pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
            pthread_cond_init(condition, &attributes)
            pthread_condattr_destroy(&attributes)
        #endif
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` alone with the value; wakes everybody who waits if it sets its second argument.
    func withLock<Result>(_ body: (inout Value, inout Bool) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        var wakes = false
        let result = body(&value, &wakes)
        pthread_mutex_unlock(mutex)
        if wakes { pthread_cond_broadcast(condition) }
        return result
    }

    /// Waits until `isReady`, then runs `body` alone with the value.
    func waitForWork<Result>(_ isReady: (Value) -> Bool, then body: (inout Value) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isReady(value) { pthread_cond_wait(condition, mutex) }
        return body(&value)
    }

    /// Waits until `isReady`, at most `limit`; returns whether it came about.
    func wait(within limit: Duration, _ isReady: (Value) -> Bool) -> Bool {
        let end = ContinuousClock.now + limit
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isReady(value) {
            let rest = end - ContinuousClock.now
            guard rest > .zero else { return false }
            // In steps, so that the sum below cannot overflow whatever the limit is.
            waitOnce(min(rest, .seconds(60)))
        }
        return true
    }

    private func waitOnce(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        #if canImport(Darwin)
            var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
            pthread_cond_timedwait_relative_np(condition, mutex, &time)
        #else
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            let nanoseconds = Int(time.tv_nsec) + Int(attoseconds / 1_000_000_000)
            time.tv_sec += Int(seconds) + nanoseconds / 1_000_000_000
            time.tv_nsec = nanoseconds % 1_000_000_000
            pthread_cond_timedwait(condition, mutex, &time)
        #endif
    }
}
