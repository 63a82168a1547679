import NIOCore

/// One point in time at which something is to be done on a loop; setting it again replaces it.
///
/// Unlike a deadline on the loop's wheel it is exact: a decision that may take 20 ms must not take 30. There is one per
/// connection, not one per command.
///
/// `@unchecked Sendable`: a loop takes callbacks from `Sendable` handlers only; every member is touched on the loop alone.
final class LoopTimer: NIOScheduledCallbackHandler, @unchecked Sendable {
    private let eventLoop: any EventLoop
    private var scheduled: NIOScheduledCallback?
    private var action: (() -> Void)?
    /// When it will go off; `nil` when not set.
    private(set) var time: NIODeadline?

    /// A timer on `eventLoop` that is not set.
    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// What is done when the time has come; the timer is not set then.
    func onTime(_ action: @escaping () -> Void) {
        self.action = action
    }

    /// Sets the time.
    func set(_ time: NIODeadline) {
        scheduled?.cancel()
        // A loop that is shutting down takes no callbacks; nothing waits for them then.
        scheduled = try? eventLoop.scheduleCallback(at: time, handler: self)
        self.time = scheduled == nil ? nil : time
    }

    /// Sets the time, unless an earlier one is set.
    func setIfEarlier(_ time: NIODeadline) {
        if let set = self.time, set <= time { return }
        set(time)
    }

    /// Unsets the time.
    func cancel() {
        scheduled?.cancel()
        scheduled = nil
        time = nil
    }

    /// Unsets the time and lets go of what was to be done.
    func end() {
        cancel()
        action = nil
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        scheduled = nil
        time = nil
        action?()
    }
}
