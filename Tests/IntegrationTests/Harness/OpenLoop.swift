import Foundation
import Synchronization

/// Calls at fixed times, whatever becomes of those before them; every fourth may not be made again. Each answer is checked.
final class OpenLoop: Sendable {
    /// How one call ended.
    struct Outcome: Sendable {
        var isRepeatable: Bool
        /// When it should have been sent.
        var due: ContinuousClock.Instant
        /// When it was sent.
        var start: ContinuousClock.Instant
        var end: ContinuousClock.Instant
        /// The status; 0 when there was no answer.
        var status: Int
        /// Seconds of `Retry-After`, if there are.
        var retryAfter: Int?
        /// `nil` when the answer was a result and the right one, else what was wrong.
        var complaint: String?
    }

    private let port: Int
    private let interval: Duration
    private let start = ContinuousClock.now
    private let next = Atomic(0)
    private let isStopped = Atomic(false)
    private let running: Atomic<Int>
    private let ended = Mutex<[Outcome]>([])

    /// Starts at once: `rate` calls a second over `connections` connections, which is how many may be under way.
    init(port: Int, rate: Int = 500, connections: Int = 160) {
        self.port = port
        interval = .seconds(1) / rate
        running = Atomic(connections)
        for _ in 0..<connections { Thread.detachNewThread { [self] in run() } }
    }

    /// What has ended until now.
    var outcomes: [Outcome] { ended.withLock { $0 } }

    /// Whether the calls were sent when they should be, all but one in a hundred of them. If not, the machine has too much else
    /// to do, and how long something took says nothing of the gateway.
    var isOnTime: Bool {
        let lateness = outcomes.map { $0.start - $0.due }.sorted()
        return lateness.isEmpty || lateness[lateness.count * 99 / 100] < .milliseconds(50)
    }

    /// Makes no more calls; for `defer`.
    func cancel() { isStopped.store(true, ordering: .relaxed) }

    /// Makes no more calls, waits for those that are under way, and returns all.
    func stop() async throws -> [Outcome] {
        cancel()
        try await eventually("all calls end", within: .seconds(30)) { running.load(ordering: .relaxed) == 0 }
        return outcomes
    }

    private func run() {
        var connection: HTTPConnection?
        while !isStopped.load(ordering: .relaxed) {
            let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
            let due = start + interval * number
            // However the test ends, its calls do not bother the next one for long.
            guard due < start + .seconds(60) else { break }
            let wait = due - .now
            if wait > .zero { Thread.sleep(forTimeInterval: wait / .seconds(1)) }
            if isStopped.load(ordering: .relaxed) { break }
            let isRepeatable = number % 4 != 0
            var outcome = Outcome(isRepeatable: isRepeatable, due: due, start: .now, end: due, status: 0)
            do {
                let open = try connection ?? HTTPConnection(port: port)
                connection = open
                let call: HTTPCall =
                    isRepeatable
                    ? .mcp("tools/list", id: "\(number)", era: .modern)
                    : .process("call \(number)", id: "\(number)", era: .modern)
                let reply = try open.exchange(call)
                outcome.status = reply.status
                outcome.retryAfter = reply.fields["retry-after"].flatMap { Int($0) }
                outcome.complaint = complaint(about: reply, number)
                if reply.fields["connection"] == "close" { connection = nil }
            } catch {
                outcome.complaint = "\(error)"
                connection = nil
            }
            outcome.end = .now
            ended.withLock { $0.append(outcome) }
        }
        running.wrappingSubtract(1, ordering: .relaxed)
    }

    private func complaint(about reply: HTTPReply, _ number: Int) -> String? {
        let message = reply.message
        guard message["id"].int == number else { return "\(reply.status), another id: \(reply.text)" }
        guard reply.status == 200, message["result"] != .absent else { return "\(reply.status): \(reply.text)" }
        return nil
    }
}
