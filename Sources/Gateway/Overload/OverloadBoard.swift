import Resilience
import Synchronization
import Telemetry

/// How near the process is to its limits, for whoever reports it: a leaf value.
package final class OverloadBoard: Sendable {
    /// What is known.
    struct State {
        /// What is done about it.
        var level = OverloadLevel.none
        /// What is used of the memory that there may be; `nil` without a limit.
        var memory: ProcessResources.Use?
        /// What is used of the descriptors.
        var descriptors: ProcessResources.Use?
        /// How late the event loop is that is most late.
        var lag = Duration.zero
    }

    private let value = Mutex(State())

    /// Nothing is known yet.
    package init() {}

    /// What is known now.
    var state: State { value.withLock { $0 } }

    /// Takes note of what the process uses.
    func note(memory: ProcessResources.Use?, descriptors: ProcessResources.Use?) {
        value.withLock { state in
            state.memory = memory
            state.descriptors = descriptors
        }
    }

    /// Takes note of how late the loops are, and of what that and all the rest amount to.
    func note(_ level: OverloadLevel, lag: Duration) {
        value.withLock { state in
            state.level = level
            state.lag = lag
        }
    }
}
