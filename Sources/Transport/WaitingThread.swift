import NIOPosix

/// A thread that may wait for other processes, so that no event loop and none of the threads that tasks share does.
package struct WaitingThread: Sendable {
    private let pool = NIOThreadPool(numberOfThreads: 1)

    /// A thread of its own; ends with `end`.
    package init() {
        pool.start()
    }

    /// Does `work` there, after what is under way.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await pool.runIfActive(work)
    }

    /// Does `work` there, after what is under way; nobody waits for it.
    package func begin(_ work: @escaping @Sendable () -> Void) {
        pool.submit { if $0 == .active { work() } }
    }

    /// Lets the thread go once it has nothing to do.
    package func end() {
        pool.shutdownGracefully { _ in }
    }
}
