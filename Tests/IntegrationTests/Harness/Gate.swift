import Foundation

/// Holds threads back until it is opened; then it stays open. Opens by itself after 30 s, so that no test hangs on it.
final class Gate: @unchecked Sendable {
    // Guarded by the condition.
    private let condition = NSCondition()
    private var isOpen = false

    func open() {
        condition.lock()
        isOpen = true
        condition.broadcast()
        condition.unlock()
    }

    func wait() {
        let limit = Date(timeIntervalSinceNow: 30)
        condition.lock()
        while !isOpen, condition.wait(until: limit) {}
        condition.unlock()
    }
}
