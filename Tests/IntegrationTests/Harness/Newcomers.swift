import Foundation
import Synchronization

/// Clients that make each call on a connection of its own, one after another, until they are told to stop.
final class Newcomers: Sendable {
    private struct State {
        var latencies: [Duration] = []
        var failures: [String] = []
        var running: Int
        var isStopped = false
    }

    private let state: Mutex<State>

    /// Starts `count` clients of the gateway at `port`. Each call takes 20 ms at least.
    init(_ count: Int, port: Int) {
        state = Mutex(State(running: count))
        for _ in 0..<count { Thread.detachNewThread { [self] in run(port) } }
    }

    /// How many calls have been answered.
    var count: Int { state.withLock { $0.latencies.count } }

    /// Lets what is under way end; how long each call took, connecting included, and what went wrong.
    func stop() async -> (latencies: [Duration], failures: [String]) {
        state.withLock { $0.isStopped = true }
        try? await eventually("the last calls end", within: .seconds(30)) { state.withLock { $0.running == 0 } }
        return state.withLock { ($0.latencies, $0.failures) }
    }

    private func run(_ port: Int) {
        while !state.withLock({ $0.isStopped }) {
            let start = ContinuousClock.now
            var failure: String?
            do {
                let reply = try HTTPConnection(port: port, limit: .seconds(20)).exchange(.process("a", era: .modern))
                if reply.status != 200 { failure = "status \(reply.status)" }
            } catch {
                failure = "\(error)"
            }
            let time = ContinuousClock.now - start
            state.withLock { state in
                if let failure { state.failures.append(failure) } else { state.latencies.append(time) }
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
        state.withLock { $0.running -= 1 }
    }
}

/// A connection that one thread after another uses, never two at a time.
struct HeldConnection: @unchecked Sendable {
    let value: HTTPConnection

    init(_ value: HTTPConnection) {
        self.value = value
    }
}
