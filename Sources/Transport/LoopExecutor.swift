public import NIOCore

/// An event loop as the executor of actors and tasks.
///
/// NIO's own executor compares executors by dynamic cast whenever a task switches to it; this wrapper is an `ordinary`
/// executor, compared by identity, and costs about a seventh of that. Both of its roles share one `enqueue`, so a task
/// that prefers this executor resumes on the loop at once instead of hopping over the global pool.
///
/// Executors are referenced without ownership by the runtime: whoever pins an actor to this executor must keep it alive,
/// which every actor here does by storing it.
///
/// ### Entering an actor synchronously
///
/// A channel handler already runs on the loop that its shard is pinned to, so calling the shard needs no hop. The
/// language offers `assumeIsolated`, but its closure captures cost two allocations and some 3,000 instructions per call.
/// `enter` takes a *static* function `(Argument, isolated Actor) -> Result` instead and calls it as what it is: a plain
/// function that happens to be type-checked as isolated. The cast is the one `assumeIsolated` makes itself. It is valid
/// only on the actor's own loop, which debug builds check at every entry.
public final class LoopExecutor: SerialExecutor, TaskExecutor {
    /// The loop that runs the jobs.
    public let eventLoop: any EventLoop

    /// Whether an entry is under way. Only touched on the loop, and only in debug builds.
    @usableFromInline nonisolated(unsafe) var isInside = false

    /// An executor of `eventLoop`. Create one per loop and share it.
    public init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute {
            job.runSynchronously(
                isolatedTo: self.asUnownedSerialExecutor(), taskExecutor: self.asUnownedTaskExecutor())
        }
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    public func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        UnownedTaskExecutor(ordinary: self)
    }

    public func isIsolatingCurrentContext() -> Bool? {
        eventLoop.inEventLoop
    }

    public func checkIsolated() {
        eventLoop.preconditionInEventLoop()
    }

    /// Calls `body` on `actor`, which must be pinned to this executor, from code that runs on the loop.
    ///
    /// `body` must be a static function or a closure without captures, and must not reach a channel, promise or logger:
    /// those may call back into the actor while its state is being changed. It returns what is to be done instead.
    ///
    /// It does not escape, although the type allows it: `withoutActuallyEscaping` would allocate twice at every entry.
    @inlinable
    public func enter<Entered: Actor, Argument, Result>(
        _ actor: Entered, _ body: @escaping (Argument, isolated Entered) -> Result, _ argument: Argument
    ) -> Result {
        begin(actor)
        defer { end() }
        typealias Plain = (Argument, Entered) -> Result
        // Isolation is a property of the type alone: both function types have the same representation.
        return unsafeBitCast(body, to: Plain.self)(argument, actor)
    }

    /// The same for a `body` that throws; its error is thrown on.
    @inlinable
    public func enter<Entered: Actor, Argument, Result, Failure: Error>(
        _ actor: Entered, _ body: @escaping (Argument, isolated Entered) throws(Failure) -> Result,
        _ argument: Argument
    ) throws(Failure) -> Result {
        begin(actor)
        defer { end() }
        typealias Plain = (Argument, Entered) throws(Failure) -> Result
        return try unsafeBitCast(body, to: Plain.self)(argument, actor)
    }

    @inlinable
    func begin(_ actor: some Actor) {
        assert(mayEnter(actor))
    }

    @inlinable
    func end() {
        assert(setInside(false))
    }

    /// Not inlinable: a release build leaves out the call with all that is in it.
    @usableFromInline
    func mayEnter(_ actor: some Actor) -> Bool {
        precondition(eventLoop.inEventLoop, "an actor was entered from another thread than its loop's")
        actor.preconditionIsolated("an actor was entered on another actor's loop")
        precondition(!isInside, "an entry was nested in another: an entry must return what is to be done, not do it")
        return setInside(true)
    }

    @usableFromInline
    func setInside(_ value: Bool) -> Bool {
        isInside = value
        return true
    }
}
