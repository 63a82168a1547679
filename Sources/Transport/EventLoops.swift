import NIOCore
import NIOPosix

/// The event loops of a process: some that serve calls, and one for everything else, so that checks, metrics and the
/// admin pages never wait behind calls and calls never wait behind them.
package struct EventLoops: Sendable {
    /// The loops that serve calls, in a fixed order.
    package let serving: [LoopExecutor]
    /// The loop for health checks and the admin listener.
    package let side: LoopExecutor
    private let group: MultiThreadedEventLoopGroup?

    /// Threads of the operating system: `count` for calls and one more.
    package init(servingCount count: Int) {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: max(count, 1) + 1)
        let executors = group.makeIterator().map { LoopExecutor($0) }
        self.group = group
        serving = Array(executors.dropLast())
        side = executors[executors.count - 1]  // at least two threads were asked for
    }

    /// Loops that somebody else runs, such as a simulation.
    package init(serving: [LoopExecutor], side: LoopExecutor) {
        self.serving = serving
        self.side = side
        group = nil
    }

    /// Ends the threads; nothing may run on the loops any more.
    package func shutdown() async {
        try? await group?.shutdownGracefully()
    }

    /// How many loops serve calls by default: one for each processor that the process may use.
    package static var defaultServingCount: Int { System.coreCount }
}
