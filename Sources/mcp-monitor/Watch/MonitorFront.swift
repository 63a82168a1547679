import NIOCore
import Resilience
import Telemetry
import Transport
import Wire

/// The monitor's own pages: `GET /metrics` and `GET /health`.
final class MonitorFront: HTTPServerDelegate {
    private enum Page {
        case metrics, health
    }

    private let registry: PrometheusRegistry
    private let pulse: Pulse
    private let loop: LoopContext
    private var page = Page.health

    /// The pages for one connection of `loop`.
    init(_ registry: PrometheusRegistry, _ pulse: Pulse, loop: LoopContext) {
        self.registry = registry
        self.pulse = pulse
        self.loop = loop
    }

    func verdict(on head: HTTPReceivedHead, connection: HTTPServerConnection) -> HTTPHeadVerdict {
        let path = head.bytes[head.request.path]
        if path.equals("/metrics") {
            page = .metrics
        } else if path.equals("/health") {
            page = .health
        } else {
            return .refuse(MonitorFront.text(404, "try /metrics or /health\n"))
        }
        guard head.request.method == .get || head.request.method == .head else {
            var answer = MonitorFront.text(405, "only GET\n")
            answer.fields = "Content-Type: text/plain\r\nAllow: GET, HEAD\r\n"
            return .refuse(answer)
        }
        return .accept(maximumBody: 0)
    }

    func receive(_ request: HTTPServerRequest, on connection: HTTPServerConnection) {
        switch page {
        case .health:
            let (isAlive, json) = pulse.page(at: MonotonicTime(loop.eventLoop.now))
            connection.respond(
                HTTPAnswer(
                    status: isAlive ? 200 : 503, fields: "Content-Type: application/json\r\n",
                    body: ByteBuffer(string: json)))
        case .metrics:
            let bound = NIOLoopBound(connection, eventLoop: loop.eventLoop)
            let registry = registry
            Task(executorPreference: loop.executor) {
                var text: [UInt8] = []
                await registry.render(into: &text)
                let answer = HTTPAnswer(
                    status: 200, fields: "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n",
                    body: ByteBuffer(bytes: text))
                bound.eventLoop.execute { bound.value.respond(answer) }
            }
        }
    }

    func clientLeft(_ connection: HTTPServerConnection, isClosed: Bool) {}
    func writabilityChanged(_ connection: HTTPServerConnection, isWritable: Bool) {}
    func closed(_ connection: HTTPServerConnection) {}

    func answer(to error: HTTPError) -> HTTPAnswer {
        HTTPAnswer(status: error.status, closesConnection: true)
    }

    private static func text(_ status: Int, _ body: String) -> HTTPAnswer {
        HTTPAnswer(status: status, fields: "Content-Type: text/plain\r\n", body: ByteBuffer(string: body))
    }
}

@available(*, unavailable)
extension MonitorFront: Sendable {}
