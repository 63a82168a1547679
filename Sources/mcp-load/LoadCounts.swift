import Histogram

/// What one worker has counted; workers are added up at the end.
struct LoadCounts: Sendable {
    /// The longest latency that is told apart, in nanoseconds: one hour.
    private static let longest: UInt64 = 3_600_000_000_000
    /// Different reasons that are counted for themselves; a hostile server could invent more codes than memory holds.
    private static let maximumReasons = 64

    /// Calls that were answered rightly.
    private(set) var answered = 0
    /// Of these, answers that came as an event stream.
    private(set) var eventStreams = 0
    /// Bytes of the right answers' bodies, chunking removed.
    private(set) var bodyBytes = 0
    /// Calls that failed, by reason.
    private(set) var failures: [CallFailure: Int] = [:]
    /// Failures whose reason found no place in `failures`.
    private(set) var otherFailures = 0
    /// Of all failures, those with an answer that must never come.
    private(set) var wrongAnswers = 0
    /// Connections made anew because the one before had ended.
    var reconnects = 0
    /// Calls that a fixed rate had foreseen and for which no connection was free before the end.
    var unsent = 0
    /// Nanoseconds from the (intended) sending to the end of the answer, of right answers.
    private(set) var latency = Histogram<UInt64>(
        highestTrackableValue: LoadCounts.longest, numberOfSignificantValueDigits: .three)

    /// All calls that are over.
    var finished: Int { answered + failed }
    /// All calls that failed.
    var failed: Int { failures.values.reduce(otherFailures, +) }

    /// Counts a right answer.
    mutating func recordAnswer(nanoseconds: Int64, bodyBytes bytes: Int, isEventStream: Bool) {
        answered += 1
        bodyBytes += bytes
        if isEventStream { eventStreams += 1 }
        latency.record(min(UInt64(clamping: nanoseconds), LoadCounts.longest))
    }

    /// Counts a failure.
    mutating func recordFailure(_ failure: CallFailure, count: Int = 1) {
        if failure.isWrongAnswer { wrongAnswers += count }
        if failures[failure] != nil || failures.count < LoadCounts.maximumReasons {
            failures[failure, default: 0] += count
        } else {
            otherFailures += count
        }
    }

    /// Adds what another worker has counted.
    mutating func add(_ other: LoadCounts) {
        answered += other.answered
        eventStreams += other.eventStreams
        bodyBytes += other.bodyBytes
        for (failure, count) in other.failures {
            if failures[failure] != nil || failures.count < LoadCounts.maximumReasons {
                failures[failure, default: 0] += count
            } else {
                otherFailures += count
            }
        }
        otherFailures += other.otherFailures
        wrongAnswers += other.wrongAnswers
        reconnects += other.reconnects
        unsent += other.unsent
        latency.add(other.latency)
    }
}
