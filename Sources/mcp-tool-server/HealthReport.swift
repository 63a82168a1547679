import MCPServer
import NIOCore
import Synchronization
import Wire

/// How the server is: what `health_check` and `GET /health` say.
final class HealthReport: Sendable {
    /// How it is in a word.
    enum Status: String, Sendable {
        /// All is well.
        case healthy
        /// Calls are served, without something that was configured.
        case degraded
        /// Nothing should be sent here.
        case unhealthy
    }

    private let environment: String
    private let startedAt = ContinuousClock.now
    private let isDraining = Atomic(false)
    private let isRedisUp: (@Sendable () -> Bool)?

    /// A report on a process that starts now; `isRedisUp` if there should be a Redis.
    init(environment: String, isRedisUp: (@Sendable () -> Bool)? = nil) {
        self.environment = environment
        self.isRedisUp = isRedisUp
    }

    /// From now on nothing should be sent here.
    func beginDraining() {
        isDraining.store(true, ordering: .relaxed)
    }

    /// How the server is now.
    var status: Status {
        if isDraining.load(ordering: .relaxed) { return .unhealthy }
        return isRedisUp.map { $0() } == false ? .degraded : .healthy
    }

    /// The page at `/health`: 200 as long as calls are served.
    func page() -> HTTPPage.Contents {
        let status = status
        return HTTPPage.Contents(status: status == .unhealthy ? 503 : 200, form: .json, body: json(status))
    }

    /// The report as a JSON object.
    func json() -> ByteBuffer {
        json(status)
    }

    private func json(_ status: Status) -> ByteBuffer {
        let (seconds, attoseconds) = (ContinuousClock.now - startedAt).components
        var buffer = ByteBuffer()
        buffer.writeStaticString("{\"status\":")
        buffer.writeJSONString(status.rawValue)
        buffer.writeStaticString(",\"timestamp\":\"")
        Timestamp.writeNow(into: &buffer)
        buffer.writeStaticString("\",\"uptime_seconds\":")
        buffer.writeDecimal(Int(seconds))
        buffer.writeStaticString(".")
        let milliseconds = Int(attoseconds / 1_000_000_000_000_000)
        buffer.writeString(String(String(1_000 + milliseconds).dropFirst()))
        buffer.writeStaticString(",\"environment\":")
        buffer.writeJSONString(environment)
        buffer.writeStaticString(",\"version\":")
        buffer.writeJSONString(ToolServer.version)
        if let isRedisUp {
            buffer.writeStaticString(",\"redis\":")
            buffer.writeJSONString(isRedisUp() ? "connected" : "unavailable")
        }
        buffer.writeStaticString("}")
        return buffer
    }
}
