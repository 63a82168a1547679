package import Logging
import NIOCore
import Resilience
package import Telemetry
package import Transport
package import Wire

/// The admin listener: `GET /health` (the process lives), `/ready` (calls would be served), `/metrics`, `/status` (how each
/// backend is), `/cache` (how the cache is doing), `/config` (the configuration in effect, without secrets); `POST /reload`
/// (read the configuration anew and go by it), `POST /cache/clear` (forget what is kept; `?pool=NAME` of one pool only) and
/// `POST /backends/POOL/BACKEND/ORDER` (`BackendOrder`).
package final class AdminFront: HTTPServerDelegate {
    /// What the endpoints are made from.
    package struct Source: Sendable {
        let registry: PrometheusRegistry
        let readiness: Readiness
        let access: AccessRules
        let current: CurrentGeneration
        let status: StatusPage
        let logger: Logger
        let reload: @Sendable () async -> ReloadOutcome
        var pools: [PoolPlan] { current.plan.pools }
        var cache: AnswerCache { current.plan.cache }

        /// What the pages say, and under which `Host` they are served, so that no page of a browser can reach them
        /// through a name that it has rebound to this machine.
        package init(
            registry: PrometheusRegistry, access: AccessRules, current: CurrentGeneration, status: StatusPage,
            logger: Logger, readiness: Readiness, reload: @escaping @Sendable () async -> ReloadOutcome
        ) {
            self.current = current
            self.reload = reload
            self.status = status
            self.logger = logger
            self.registry = registry
            self.access = access
            self.readiness = readiness
        }
    }

    private let source: Source
    private let loop: LoopContext
    private var page = Page.unknown

    private enum Page {
        case health, ready, metrics, status, cache, config, clearCache, reload, backend, unknown

        init(_ path: ByteView) {
            if path.equals("/health") {
                self = .health
            } else if path.equals("/ready") {
                self = .ready
            } else if path.equals("/metrics") {
                self = .metrics
            } else if path.equals("/status") {
                self = .status
            } else if path.slice(from: 0, to: min(path.count, 10)).equals("/backends/") {
                self = .backend
            } else if path.equals("/cache") {
                self = .cache
            } else if path.equals("/config") {
                self = .config
            } else if path.equals("/reload") {
                self = .reload
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
            return .refuse(AdminFront.text(404, "try /health, /ready, /metrics, /status, /cache or /config\n"))
        case .clearCache, .reload, .backend:
            guard head.method == .post else {
                var answer = AdminFront.text(405, "only POST\n")
                answer.fields = "Content-Type: text/plain\r\nAllow: POST\r\n"
                return .refuse(answer)
            }
        case .health, .ready, .metrics, .status, .cache, .config:
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
            connection.respond(AdminFront.answer(source.readiness))
        case .metrics:
            let registry = source.registry
            respond(on: connection) {
                var text: [UInt8] = []
                await registry.render(into: &text)
                return HTTPAnswer(
                    status: 200, fields: "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n",
                    body: ByteBuffer(bytes: text))
            }
        case .status:
            let status = source.status
            respond(on: connection) { AdminFront.json(200, "\(await status.json())\n") }
        case .backend:
            connection.respond(obey(request.received))
        case .cache:
            connection.respond(AdminFront.json(200, CachePage.json(source.cache.figures) + "\n"))
        case .config:
            connection.respond(AdminFront.json(200, source.current.value.explained.json()))
        case .clearCache:
            connection.respond(clearCache(request.received))
        case .reload:
            let reload = source.reload
            respond(on: connection) {
                let outcome = await reload()
                return AdminFront.json(outcome.result == .rejected ? 422 : 200, "\(outcome.json)\n")
            }
        case .unknown:
            connection.respond(AdminFront.text(404, "no such page\n"))
        }
    }

    /// Answers with what has to be asked for elsewhere first.
    private func respond(
        on connection: HTTPServerConnection, with answer: @escaping @Sendable () async -> HTTPAnswer
    ) {
        let bound = NIOLoopBound(connection, eventLoop: loop.eventLoop)
        Task(executorPreference: loop.executor) {
            let answer = await answer()
            bound.eventLoop.execute { bound.value.respond(answer) }
        }
    }

    /// Tells a backend what an operator wants of it.
    private func obey(_ head: HTTPReceivedHead) -> HTTPAnswer {
        do throws(BackendPath.Complaint) {
            guard let path = try BackendPath(head.bytes[head.request.path].string, in: source.pools) else {
                return AdminFront.text(404, "no such page\n")
            }
            let isChange = path.backend.status.obey(path.order, at: MonotonicTime(loop.eventLoop.now))
            source.pools.first { $0.name == path.pool }?.reconsider(at: MonotonicTime(loop.eventLoop.now))
            source.logger.notice(
                "an operator has given an order",
                metadata: ["pool": "\(path.pool)", "backend": "\(path.backend.url)", "order": "\(path.order.rawValue)"])
            let answer: JSONValue = [
                "pool": .string(path.pool), "backend": .string(path.backend.url),
                "order": .string(path.order.rawValue), "changed": .bool(isChange),
            ]
            return AdminFront.json(200, "\(answer)\n")
        } catch {
            return AdminFront.text(404, error.text + "\n")
        }
    }

    /// Forgets what is kept, of the pool that the query names if it names one.
    private func clearCache(_ head: HTTPReceivedHead) -> HTTPAnswer {
        let query = head.bytes[head.request.query].string
        guard !query.isEmpty else {
            source.cache.clear()
            return AdminFront.json(200, "{\"cleared\":\"all\"}\n")
        }
        let plan = source.current.plan
        guard query.hasPrefix("pool="), let index = plan.pools.firstIndex(where: { $0.name == query.dropFirst(5) })
        else {
            return AdminFront.text(400, "the query must be pool=NAME with the name of a pool\n")
        }
        plan.cache.clear(pool: index)
        return AdminFront.json(200, "{\"cleared\":\"\(plan.pools[index].name)\"}\n")
    }

    package func clientLeft(_ connection: HTTPServerConnection, isClosed: Bool) {}
    package func writabilityChanged(_ connection: HTTPServerConnection, isWritable: Bool) {}
    package func closed(_ connection: HTTPServerConnection) {}

    package func answer(to error: HTTPError) -> HTTPAnswer {
        HTTPAnswer(status: error.status, closesConnection: true)
    }

    private static func answer(_ readiness: Readiness) -> HTTPAnswer {
        let isReady = readiness.isReady
        let note = readiness.usesLastGood ? ",\"configuration\":\"last_good\"" : ""
        return json(isReady ? 200 : 503, "{\"status\":\"\(isReady ? "ready" : "not_ready")\"\(note)}\n")
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
