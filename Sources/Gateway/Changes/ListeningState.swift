/// How a backend is listened to for changes.
package enum ListeningState: UInt8, CaseIterable, Sendable {
    /// Not at all: nothing of it is kept.
    case off
    /// Not yet: it is being asked for the first time.
    case connecting
    /// It tells of changes.
    case listening
    /// Its stream has ended or could not be had; it is asked again.
    case waiting
    /// It does not tell of changes; it is asked again now and then.
    case notOffered

    /// The name in metrics.
    package var label: StaticString {
        switch self {
        case .off: "off"
        case .connecting: "connecting"
        case .listening: "listening"
        case .waiting: "waiting"
        case .notOffered: "not_offered"
        }
    }
}
