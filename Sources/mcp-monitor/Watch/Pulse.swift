import Resilience
import Synchronization

/// Whether the monitor itself lives: whether every server's probes go on.
final class Pulse: Sendable {
    private struct Beat: Sendable {
        var at: MonotonicTime
        var isAvailable = false
    }

    private let beats: Mutex<[String: Beat]>
    private let limit: Duration

    /// A monitor that begins at `start`.
    ///
    /// - Parameter limit: how long a server may be without a finished probe.
    init(_ servers: [WatchedServer], limit: Duration, start: MonotonicTime) {
        beats = Mutex(Dictionary(uniqueKeysWithValues: servers.map { ($0.name, Beat(at: start)) }))
        self.limit = limit
    }

    /// A probe of `server` has ended.
    func beat(_ server: String, isAvailable: Bool, at now: MonotonicTime) {
        beats.withLock { $0[server] = Beat(at: now, isAvailable: isAvailable) }
    }

    /// Whether the monitor lives at `now`, and what its health page says.
    func page(at now: MonotonicTime) -> (isAlive: Bool, json: String) {
        let beats = beats.withLock { $0 }
        let isAlive = beats.values.allSatisfy { now - $0.at <= limit }
        let available = beats.values.count { $0.isAvailable }
        let status = isAlive ? "healthy" : "unhealthy"
        return (isAlive, #"{"status":"\#(status)","servers":\#(beats.count),"available":\#(available)}"# + "\n")
    }
}
