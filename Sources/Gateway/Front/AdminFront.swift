import NIOCore
package import Telemetry
package import Transport
package import Wire

/// The admin listener: `GET /health` (the process lives), `/ready` (calls would be served), `/metrics`.
package final class AdminFront: HTTPServerDelegate {
    /// What the endpoints are made from.
    package struct Source: Sendable {
        let registry: PrometheusRegistry
        let isReady: @Sendable () -> Bool
        let access: AccessRules

        /// What the pages say, and under which `Host` they are served, so that no page of a browser can reach them
        /// through a name that it has rebound to this machine.
        package init(
            registry: PrometheusRegistry, access: AccessRules, isReady: @escaping @Sendable () -> Bool
        ) {
            self.registry = registry
            self.access = access
            self.isReady = isReady
        }
    }

    private let source: Source
    private let loop: LoopContext
    private var page = Page.unknown

    private enum Page {
        case health, ready, metrics, unknown

        init(_ path: ByteView) {
            if path.equals("/health") {
                self = .health
            } else if path.equals("/ready") {
                self = .ready
            } else if path.equals("/metrics") {
                self = .metrics
            } else {
                self = .unknown
            }
        }
    }

    package init(_ source: Source, loop: LoopContext) {
        self.source = source
        self.loop = loop
    }

    package func verdict(on head: HTTPReceivedHead, connection: HTTPServerConnection) -> HTTPHeadVerdict {
        judge(head.request, head.bytes)
    }

    private func judge(_ head: borrowing HTTPRequestHead, _ bytes: ByteView) -> HTTPHeadVerdict {
        if let host = head.fields[.host], !source.access.allowsHost(bytes[host]) {
            return .refuse(AdminFront.text(421, "this host is not served here\n"))
        }
        if let origin = head.fields[.origin], !source.access.allowsOrigin(bytes[origin]) {
            return .refuse(AdminFront.text(403, "this origin is not served here\n"))
        }
        let path = bytes[head.path]
        page = Page(path)
        guard page != .unknown else { return .refuse(AdminFront.text(404, "try /health, /ready or /metrics\n")) }
        guard head.method == .get || head.method == .head else {
            var answer = AdminFront.text(405, "only GET\n")
            answer.fields = "Content-Type: text/plain\r\nAllow: GET, HEAD\r\n"
            return .refuse(answer)
        }
        return .accept(maximumBody: 0)
    }

    package func receive(_ request: HTTPServerRequest, on connection: HTTPServerConnection) {
        switch page {
        case .health:
            connection.respond(AdminFront.json(200, "{\"status\":\"healthy\"}\n"))
        case .ready:
            let isReady = source.isReady()
            connection.respond(
                AdminFront.json(
                    isReady ? 200 : 503, isReady ? "{\"status\":\"ready\"}\n" : "{\"status\":\"not_ready\"}\n"))
        case .metrics:
            let bound = NIOLoopBound(connection, eventLoop: loop.eventLoop)
            let registry = source.registry
            Task(executorPreference: loop.executor) {
                var text: [UInt8] = []
                await registry.render(into: &text)
                let answer = HTTPAnswer(
                    status: 200, fields: "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n",
                    body: ByteBuffer(bytes: text))
                bound.eventLoop.execute { bound.value.respond(answer) }
            }
        case .unknown:
            connection.respond(AdminFront.text(404, "no such page\n"))
        }
    }

    package func clientLeft(_ connection: HTTPServerConnection, isClosed: Bool) {}
    package func writabilityChanged(_ connection: HTTPServerConnection, isWritable: Bool) {}
    package func closed(_ connection: HTTPServerConnection) {}

    package func answer(to error: HTTPError) -> HTTPAnswer {
        HTTPAnswer(status: error.status, closesConnection: true)
    }

    private static func text(_ status: Int, _ body: String) -> HTTPAnswer {
        HTTPAnswer(status: status, fields: "Content-Type: text/plain\r\n", body: ByteBuffer(string: body))
    }

    private static func json(_ status: Int, _ body: String) -> HTTPAnswer {
        HTTPAnswer(status: status, fields: "Content-Type: application/json\r\n", body: ByteBuffer(string: body))
    }
}

@available(*, unavailable)
extension AdminFront: Sendable {}
