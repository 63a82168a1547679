import Foundation

/// Waiting for something that another thread brings about.
enum Condition {
    struct TimedOut: Error {}

    /// Polls until `holds`; throws after ten seconds.
    static func wait(until holds: () -> Bool) throws {
        let end = ContinuousClock.now + .seconds(10)
        while !holds() {
            guard ContinuousClock.now < end else { throw TimedOut() }
            usleep(500)
        }
    }
}
