import Foundation
import Synchronization

/// Clients that call one after another, each on a connection of its own, until they are stopped; each answer is checked.
final class Callers: Sendable {
    /// How one call ended.
    struct Outcome: Sendable {
        var number: Int
        /// `nil` when the answer was the right one, else what was wrong.
        var complaint: String?
        /// The server that says it has answered; modern calls only.
        var server: String?
        var start: ContinuousClock.Instant
        var end: ContinuousClock.Instant

        var duration: Duration { end - start }
    }

    private let port: Int
    private let era: HTTPCall.Era
    private let pause: Duration
    private let state = Mutex<State>(State())
    private let count: Int
    private let id: Int?

    private struct State {
        var outcomes: [Outcome] = []
        var isStopped = false
        var running = 0
    }

    /// Starts `count` clients at once, whose calls have ids of their own, or all of them this one `id`.
    init(_ count: Int, port: Int, era: HTTPCall.Era, id: Int? = nil, pause: Duration = .milliseconds(4)) {
        self.id = id
        self.port = port
        self.era = era
        self.pause = pause
        self.count = count
        state.withLock { $0.running = count }
        for client in 0..<count {
            Thread.detachNewThread { [self] in run(client) }
        }
    }

    /// Lets the clients end after their present call; for `defer`.
    func cancel() {
        state.withLock { $0.isStopped = true }
    }

    /// Everything that has ended until now.
    var outcomes: [Outcome] { state.withLock { $0.outcomes } }

    /// The calls that were not answered as they should be.
    var failures: [Outcome] { outcomes.filter { $0.complaint != nil } }

    /// Ends the clients after their present call, and waits for it.
    func stop() async throws {
        cancel()
        try await eventually("all callers end", within: .seconds(30)) { state.withLock { $0.running } == 0 }
    }

    private func run(_ client: Int) {
        var connection: HTTPConnection?
        var number = client
        // However the test ends, its callers do not bother the next one for long.
        let end = ContinuousClock.now + .seconds(90)
        while !state.withLock({ $0.isStopped }), .now < end {
            var outcome = Outcome(number: number, start: .now, end: .now)
            do {
                let open = try connection ?? HTTPConnection(port: port)
                connection = open
                let reply = try open.exchange(.process("call \(number)", id: "\(id ?? number)", era: era))
                outcome.complaint = complaint(about: reply, number)
                outcome.server = reply.message["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"].string
                if reply.fields["connection"] == "close" { connection = nil }
            } catch {
                outcome.complaint = "\(error)"
                connection = nil
                Thread.sleep(forTimeInterval: 0.02)
            }
            outcome.end = .now
            state.withLock { $0.outcomes.append(outcome) }
            number += count
            Thread.sleep(forTimeInterval: pause / .seconds(1))
        }
        state.withLock { $0.running -= 1 }
    }

    private func complaint(about reply: HTTPReply, _ number: Int) -> String? {
        let message = reply.message
        guard message["id"].int == id ?? number else { return "\(reply.status), another id: \(reply.text)" }
        guard reply.status == 200 else { return "\(reply.status): \(reply.text)" }
        let mark = message["result"]["structuredContent"]["result"]["mark"].string
        return mark == "CALL \(number)" ? nil : "another answer: \(reply.text)"
    }
}
