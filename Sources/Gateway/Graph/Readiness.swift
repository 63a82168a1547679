import Synchronization

/// Whether calls would be served now; a leaf value that the admin listener asks and the supervisor sets.
package final class Readiness: Sendable {
    /// What the process is doing.
    package enum Phase: UInt8, Sendable {
        case starting, serving, draining
    }

    private let phaseByte = Atomic<UInt8>(Phase.starting.rawValue)
    private let current: CurrentGeneration
    private let usesLastGoodFlag: Atomic<Bool>
    /// Whether the configuration file was bad, and the last good one is used instead.
    package var usesLastGood: Bool {
        get { usesLastGoodFlag.load(ordering: .relaxed) }
        set { usesLastGoodFlag.store(newValue, ordering: .relaxed) }
    }

    /// Readiness to serve the pools of the generation in effect.
    package init(_ current: CurrentGeneration, usesLastGood: Bool = false) {
        self.current = current
        usesLastGoodFlag = Atomic(usesLastGood)
    }

    /// What the process is doing.
    package var phase: Phase {
        get { Phase(rawValue: phaseByte.load(ordering: .relaxed)) ?? .starting }
        set { phaseByte.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// Serving, and every pool has at least one backend whose checks pass.
    package var isReady: Bool { phase == .serving && hasBackends }

    /// Every pool has at least one backend whose checks pass.
    var hasBackends: Bool {
        current.plan.pools.allSatisfy { pool in pool.backends.contains { $0.status.health == .up } }
    }
}
