import NIOCore
package import Telemetry
package import Transport
package import Wire

/// The admin listener: `GET /health` (the process lives), `/ready` (calls would be served), `/metrics`, `/cache` (how the
/// cache is doing), and `POST /cache/clear` (forget what is kept; `?pool=NAME` of one pool only).
package final class AdminFront: HTTPServerDelegate {
    /// What the endpoints are made from.
    package struct Source: Sendable {
        let registry: PrometheusRegistry
        let isReady: @Sendable () -> Bool
        let access: AccessRules
        let cache: AnswerCache
        let poolNames: [String]

        /// What the pages say, and under which `Host` they are served, so that no page of a browser can reach them
        /// through a name that it has rebound to this machine.
        package init(
            registry: PrometheusRegistry, access: AccessRules, cache: AnswerCache, poolNames: [String],
            isReady: @escaping @Sendable () -> Bool
        ) {
            self.cache = cache
            self.poolNames = poolNames
            self.registry = registry
            self.access = access
            self.isReady = isReady
        }
    }

    private let source: Source
    private let loop: LoopContext
    private var page = Page.unknown

    private enum Page {
        case health, ready, metrics, cache, clearCache, unknown

        init(_ path: ByteView) {
            if path.equals("/health") {
                self = .health
            } else if path.equals("/ready") {
                self = .ready
            } else if path.equals("/metrics") {
                self = .metrics
            } else if path.equals("/cache") {
                self = .cache
            } else if path.equals("/cache/clear") {
                self = .clearCache
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
        switch page {
        case .unknown:
            return .refuse(AdminFront.text(404, "try /health, /ready, /metrics or /cache\n"))
        case .clearCache:
            guard head.method == .post else {
                var answer = AdminFront.text(405, "only POST\n")
                answer.fields = "Content-Type: text/plain\r\nAllow: POST\r\n"
                return .refuse(answer)
            }
        case .health, .ready, .metrics, .cache:
            guard head.method == .get || head.method == .head else {
                var answer = AdminFront.text(405, "only GET\n")
                answer.fields = "Content-Type: text/plain\r\nAllow: GET, HEAD\r\n"
                return .refuse(answer)
            }
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
        case .cache:
            connection.respond(AdminFront.json(200, CachePage.json(source.cache.figures) + "\n"))
        case .clearCache:
            connection.respond(clearCache(request.received))
        case .unknown:
            connection.respond(AdminFront.text(404, "no such page\n"))
        }
    }

    /// Forgets what is kept, of the pool that the query names if it names one.
    private func clearCache(_ head: HTTPReceivedHead) -> HTTPAnswer {
        let query = head.bytes[head.request.query].string
        guard !query.isEmpty else {
            source.cache.clear()
            return AdminFront.json(200, "{\"cleared\":\"all\"}\n")
        }
        guard query.hasPrefix("pool="), let index = source.poolNames.firstIndex(of: String(query.dropFirst(5))) else {
            return AdminFront.text(400, "the query must be pool=NAME with the name of a pool\n")
        }
        source.cache.clear(pool: index)
        return AdminFront.json(200, "{\"cleared\":\"\(source.poolNames[index])\"}\n")
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
