import Synchronization

/// A configuration in effect, and what was made of it: all that changes at once when the gateway is configured anew.
package struct Generation: Sendable {
    /// Counted from 1.
    package var number: Int
    /// The file that was accepted, with where each value came from. Of keys that wait for the next start, not all of it is
    /// in effect.
    package var explained: ExplainedConfiguration
    /// What is in effect.
    package var configuration: GatewayConfiguration
    /// The same, ready for calls.
    package var plan: GatewayPlan

    /// The generation `number` with these parts.
    package init(
        number: Int = 1, explained: ExplainedConfiguration, configuration: GatewayConfiguration, plan: GatewayPlan
    ) {
        self.number = number
        self.explained = explained
        self.configuration = configuration
        self.plan = plan
    }
}

/// The generation that new calls are served by, for whoever is no part of a call: a leaf value that the supervisor sets.
package final class CurrentGeneration: Sendable {
    private let generation: Mutex<Generation>

    /// The first one.
    package init(_ generation: Generation) {
        self.generation = Mutex(generation)
    }

    /// The one in effect.
    package var value: Generation { generation.withLock { $0 } }

    /// Its plan.
    package var plan: GatewayPlan { generation.withLock { $0.plan } }

    /// From now on it is this one.
    package func set(_ next: Generation) { generation.withLock { $0 = next } }
}
