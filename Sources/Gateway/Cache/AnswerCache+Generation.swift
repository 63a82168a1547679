package import Resilience

extension AnswerCache {
    /// The generation of `topic`, for the names of answers in Redis.
    package func generation(of topic: CacheTopic, pool: Int, at now: MonotonicTime) -> UInt64? { 0 }
}
