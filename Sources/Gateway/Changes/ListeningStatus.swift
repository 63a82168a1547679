import Synchronization

/// How one backend is listened to, for the metrics: a leaf value.
package final class ListeningStatus: Sendable {
    private let byte = Atomic<UInt8>(ListeningState.off.rawValue)

    /// Nobody listens.
    package init() {}

    /// The state, as of late.
    package var state: ListeningState {
        get { ListeningState(rawValue: byte.load(ordering: .relaxed)) ?? .off }
        set { byte.store(newValue.rawValue, ordering: .relaxed) }
    }
}
