import NIOPosix

/// A thread that may wait for other processes, so that no event loop and none of the threads that tasks share does.
struct WaitingThread: Sendable {
    private let pool = NIOThreadPool(numberOfThreads: 1)

    /// A thread of its own; ends with `end`.
    init() {
        pool.start()
    }

    /// Does `work` there, after what is under way.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await pool.runIfActive(work)
    }

    /// Lets the thread go once it has nothing to do.
    func end() {
        pool.shutdownGracefully { _ in }
    }
}
