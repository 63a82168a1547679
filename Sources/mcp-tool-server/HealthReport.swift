import MCPServer
import NIOCore
import Wire

/// How the server is: what `health_check` and `GET /health` say.
struct HealthReport: Sendable {
    private let environment: String
    private let startedAt = ContinuousClock.now

    /// A report on a process that starts now.
    init(environment: String) {
        self.environment = environment
    }

    /// The report as a JSON object.
    func json() -> ByteBuffer {
        let (seconds, attoseconds) = (ContinuousClock.now - startedAt).components
        var buffer = ByteBuffer()
        buffer.writeStaticString("{\"status\":\"healthy\",\"timestamp\":")
        buffer.writeJSONString(Timestamp.now())
        buffer.writeStaticString(",\"uptime_seconds\":")
        buffer.writeDecimal(Int(seconds))
        buffer.writeStaticString(".")
        let milliseconds = Int(attoseconds / 1_000_000_000_000_000)
        buffer.writeString(String(String(1_000 + milliseconds).dropFirst()))
        buffer.writeStaticString(",\"environment\":")
        buffer.writeJSONString(environment)
        buffer.writeStaticString("}")
        return buffer
    }
}
