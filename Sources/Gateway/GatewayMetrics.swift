package import NIOCore
package import Redis
import Resilience
package import Telemetry
package import Transport
import Wire

/// Writes what the shards and the backends' status say as Prometheus metrics, with the names that operators know.
package struct GatewayMetrics: Sendable {
    private let current: CurrentGeneration
    private let loops: [NIOLoopBound<ServingLoop>]
    private let reloads: ReloadTally
    private let version: String
    private let redis: RedisStatus?
    private let connectionLimit: Int?
    private let overload: OverloadBoard
    private let resources = ProcessResources()
    private let names: NameBoard
    private let handshakes: HandshakeBudget

    /// The metrics of what is in effect on these loops, and of `redis` if there is one; `connectionLimit` is how many
    /// clients may be connected.
    package init(
        _ current: CurrentGeneration, loops: [NIOLoopBound<ServingLoop>], version: String, redis: RedisStatus? = nil,
        connectionLimit: Int? = nil, reloads: ReloadTally = ReloadTally(), overload: OverloadBoard = OverloadBoard(),
        names: NameBoard = NameBoard(), handshakes: HandshakeBudget = HandshakeBudget()
    ) {
        self.current = current
        self.loops = loops
        self.reloads = reloads
        self.names = names
        self.handshakes = handshakes
        self.redis = redis
        self.connectionLimit = connectionLimit
        self.overload = overload
        self.version = version
    }

    /// Adds everything to `text`. Asks each loop once.
    package func collect(into text: inout PrometheusText) async {
        var snapshots: [ShardSnapshot] = []
        for loop in loops { if let snapshot = try? await loop.snapshot() { snapshots.append(snapshot) } }
        write(snapshots, into: &text)
    }

    /// The metrics of loops that have been asked already, as they are scraped.
    package func text(of snapshots: [ShardSnapshot]) -> [UInt8] {
        var text = PrometheusText()
        write(snapshots, into: &text)
        var bytes: [UInt8] = []
        text.write(into: &bytes)
        return bytes
    }

    private func write(_ snapshots: [ShardSnapshot], into text: inout PrometheusText) {
        text.gauge(
            "mcp_gateway_build_info", help: "The version that runs; always 1.", labels: [("version", version)], 1)
        let generation = current.value
        let plan = generation.plan
        text.gauge(
            "mcp_gateway_config_generation", help: "The configuration in effect, counted from 1.", generation.number)
        text.gauge(
            "mcp_gateway_config_last_reload_ok",
            help: "Whether the configuration that was last read is in effect, as far as it can be.",
            reloads.isLastOK ? 1 : 0)
        for result in ReloadOutcome.Result.allCases {
            text.counter(
                "mcp_gateway_config_reloads_total", help: "How often the configuration was read anew, by the outcome.",
                labels: [("result", result.rawValue)], reloads.count(result))
        }
        for outcome in ResolvedName.Outcome.allCases {
            text.counter(
                "mcp_gateway_dns_lookups_total",
                help: "Lookups of the names of backends, by the outcome; refused: forbidden addresses only.",
                labels: [("result", outcome.rawValue)], names.count(outcome))
        }
        text.gauge(
            "mcp_gateway_dns_names_failing", help: "Names of backends whose last lookup failed.", names.failingCount)
        let snapshots = snapshots.map { $0.arranged(for: plan.pools) }
        writeCalls(snapshots, plan, into: &text)
        writeBackends(snapshots, plan, into: &text)
        writeConnections(snapshots, into: &text)
        writeTLS(generation.configuration, handshakes, into: &text)
        writeOverload(into: &text)
        if let limiter = plan.limiter { writeLimits(limiter, into: &text) }
        writeCache(plan, into: &text)
        if let counts = plan.sharedStore?.counts { writeSharedStore(counts, into: &text) }
        if let redis { writeRedis(redis, into: &text) }
    }

    private func writeRedis(_ status: RedisStatus, into text: inout PrometheusText) {
        text.gauge(
            "mcp_gateway_redis_up", help: "Whether every event loop is served by the Redis that gateways share.",
            status.isUp ? 1 : 0)
        for (kind, count) in status.errorCounts {
            text.counter(
                "mcp_gateway_redis_errors_total", help: "Commands that Redis has not carried out, by why.",
                labels: [("kind", kind.rawValue)], count)
        }
    }

    private func writeSharedStore(_ counts: SharedStore.Counts, into text: inout PrometheusText) {
        let results = [
            ("hit", counts.hits), ("miss", counts.misses), ("wait", counts.waits), ("failure", counts.failures),
        ]
        for (result, count) in results {
            text.counter(
                "mcp_gateway_cache_shared_requests_total",
                help: "Looks for an answer in Redis, by what came of them; wait: another gateway was fetching it.",
                labels: [("result", result)], count)
        }
        text.counter(
            "mcp_gateway_cache_shared_insertions_total", help: "Answers that were put into Redis.", counts.stores)
        for reason in CacheRecordRejection.allCases {
            text.counter(
                "mcp_gateway_cache_rejected_total",
                help: "What lay in Redis under the name of an answer and was none, by what was wrong with it.",
                labels: [("reason", "\(reason)")], counts.rejections[reason] ?? 0)
        }
    }

    private func writeCache(_ plan: GatewayPlan, into text: inout PrometheusText) {
        let figures = plan.cache.figures
        let counts = figures.counts
        let results = [
            ("hit", counts.hits), ("stale", counts.stales), ("miss", counts.misses), ("wait", counts.waits),
            ("pass", counts.passes),
        ]
        for (result, count) in results {
            text.counter(
                "mcp_gateway_cache_requests_total",
                help:
                    "Calls whose answers can be kept, by what the cache said; wait: for the same call of somebody else.",
                labels: [("result", result)], count)
        }
        text.counter(
            "mcp_gateway_cache_insertions_total", help: "Answers that were kept.", counts.insertions)
        text.counter(
            "mcp_gateway_cache_refreshes_total", help: "Answers that were fetched anew beside serving them.",
            counts.refreshes)
        for (source, count) in plan.cache.invalidations {
            text.counter(
                "mcp_gateway_cache_invalidations_total",
                help: "How often kept answers became void, by who said so; gap: nobody, but it may have been missed.",
                labels: [("source", "\(source.label)")], count)
        }
        if redis != nil {
            text.gauge(
                "mcp_gateway_cache_sharing",
                help: "Whether it is known what has changed on any gateway, so that answers are shared through Redis.",
                plan.cache.sharesAnswers(at: MonotonicTime(NIODeadline.now())) ? 1 : 0)
            text.gauge(
                "mcp_gateway_cache_changes_to_share",
                help: "Changes of which other gateways have still to be told; they wait while Redis is away.",
                plan.cache.openGenerationCount)
        }
        for pool in plan.pools {
            for state in ListeningState.allCases {
                text.gauge(
                    "mcp_gateway_cache_listeners", help: "Backends, by how they are listened to for changes.",
                    labels: [("pool", pool.name), ("state", "\(state.label)")],
                    pool.backends.count { $0.listening.state == state })
            }
        }
        for (reason, count) in [("room", figures.evictions.evictions), ("time", figures.evictions.expirations)] {
            text.counter(
                "mcp_gateway_cache_evictions_total", help: "Entries that had to go, by why.",
                labels: [("reason", reason)], count)
        }
        text.gauge("mcp_gateway_cache_bytes", help: "Bytes that the cache holds.", figures.bytes)
        text.gauge("mcp_gateway_cache_entries", help: "Entries that the cache holds.", figures.entries)
    }

    private func writeLimits(_ limiter: RateLimiter, into text: inout PrometheusText) {
        writeDecisions(limiter, limiter.counts, source: "local", into: &text)
        if limiter.shared != nil {
            writeDecisions(limiter, limiter.redisCounts, source: "redis", into: &text)
            text.gauge(
                "mcp_gateway_rate_limit_gateways",
                help: "Gateways that share the rate limits, as far as is known; each has its part while Redis is away.",
                limiter.gatewayCount)
        }
        text.gauge(
            "mcp_gateway_rate_limit_callers", help: "Callers that the rate limits remember.", limiter.callerCount)
    }

    private func writeDecisions(
        _ limiter: RateLimiter, _ counts: [RateLimitCounts], source: String, into text: inout PrometheusText
    ) {
        for (rule, counts) in zip(limiter.rules, counts) {
            let decisions = [
                ("allowed", counts.allowed), ("refused", counts.refused), ("would_refuse", counts.wouldRefuse),
            ]
            for (decision, count) in decisions {
                text.counter(
                    "mcp_gateway_rate_limit_decisions_total",
                    help: "Calls by what a rate limit said to them; would_refuse: a rule that is not enforced.",
                    labels: [("rule", rule.name), ("decision", decision), ("source", source)], count)
            }
        }
    }

    private func writeCalls(_ snapshots: [ShardSnapshot], _ plan: GatewayPlan, into text: inout PrometheusText) {
        for (index, pool) in plan.pools.enumerated() {
            for method in MCPMethod.allCases {
                let counts = CallStatus.allCases.map { status in
                    snapshots.reduce(0) { $0 + $1.counters.calls(pool: index, method: method, status: status) }
                }
                // A rate sees the first of its kind only if the series was there before, at 0.
                guard method == .toolsCall || counts.contains(where: { $0 > 0 }) else { continue }
                for (status, count) in zip(CallStatus.allCases, counts) {
                    text.counter(
                        "mcp_gateway_requests_total", help: "Calls of clients, by how they ended.",
                        labels: [
                            ("pool", pool.name), ("method", "\(method.metricLabel)"), ("status", "\(status.label)"),
                        ], count)
                }
            }
            for method in MCPMethod.allCases {
                var durations = LatencyHistogram()
                for snapshot in snapshots { durations.merge(snapshot.counters.durations(pool: index, method: method)) }
                guard method == .toolsCall || durations.count > 0 else { continue }
                text.histogram(
                    "mcp_server_operation_duration_seconds",
                    help: "From the arrival of a call to the end of its answer.",
                    labels: [("pool", pool.name), ("mcp_method_name", "\(method.metricLabel)")], durations)
            }
        }
        for (index, pool) in plan.pools.enumerated() {
            var overheads = LatencyHistogram()
            for snapshot in snapshots { overheads.merge(snapshot.counters.overheads(pool: index)) }
            text.histogram(
                "mcp_gateway_overhead_seconds",
                help: "Time that calls spent in the gateway and not with a backend; calls with a whole answer only.",
                labels: [("pool", pool.name)], overheads)
        }
        for (index, pool) in plan.pools.enumerated() {
            for failure in GatewayFailure.allCases where CallStatus(failure) == .refused {
                text.counter(
                    "mcp_gateway_shed_total", help: "Calls that were not let through, by why.",
                    labels: [("pool", pool.name), ("reason", "\(failure.label)")],
                    snapshots.reduce(0) { $0 + $1.counters.shed(pool: index, failure: failure) })
            }
        }
        writeRoom(plan, into: &text)
        for outcome in AttemptOutcome.allCases where outcome != .success {
            text.counter(
                "mcp_gateway_retries_total", help: "Tries after the first one, by what ended the try before.",
                labels: [("reason", "\(outcome.label)")],
                snapshots.reduce(0) { $0 + $1.counters.retries[Int(outcome.rawValue)] })
        }
        let wonHedges = snapshots.reduce(0) { $0 + $1.counters.wonHedges }
        let hedges = snapshots.reduce(0) { $0 + $1.counters.hedges }
        for (result, count) in [("won", wonHedges), ("lost", hedges - wonHedges)] {
            text.counter(
                "mcp_gateway_hedges_total",
                help: "Second tries beside first ones that took long, by whether their answer was used.",
                labels: [("result", result)], count)
        }
        for pool in plan.pools {
            text.counter(
                "mcp_gateway_retry_budget_exhausted_total",
                help: "Tries that were not made again because there had been too many already.",
                labels: [("pool", pool.name)], pool.retries.refusalCount)
        }
        text.gauge(
            "mcp_gateway_inflight", help: "Calls that are under way.",
            snapshots.reduce(0) { $0 + $1.counters.inFlight })
    }

    private func writeRoom(_ plan: GatewayPlan, into text: inout PrometheusText) {
        for pool in plan.pools {
            let (admission, labels) = (pool.admission, [("pool", pool.name)])
            text.gauge(
                "mcp_gateway_concurrency_limit", help: "Calls of a pool that may be in flight.", labels: labels,
                admission.limit)
            text.gauge(
                "mcp_gateway_pool_inflight",
                help: "Calls that are with the backends of a pool; streams until their head.",
                labels: labels, admission.inFlight)
            text.gauge("mcp_gateway_queued", help: "Calls that wait for room.", labels: labels, admission.waiting)
            text.histogram(
                "mcp_gateway_queue_seconds", help: "How long calls waited for room that had to, whatever came of it.",
                labels: labels, admission.waits)
        }
    }

    private func writeBackends(_ snapshots: [ShardSnapshot], _ plan: GatewayPlan, into text: inout PrometheusText) {
        for (poolIndex, pool) in plan.pools.enumerated() {
            text.gauge(
                "mcp_gateway_panic",
                help: "Whether so few backends are well that all that are not down are chosen from.",
                labels: [("pool", pool.name)], pool.choice == .allNotDown ? 1 : 0)
            for (index, backend) in pool.backends.enumerated() {
                let labels = [("pool", pool.name), ("backend", backend.url)]
                for outcome in AttemptOutcome.allCases {
                    let count = snapshots.reduce(0) {
                        $0 + $1.backends[poolIndex][index].attempts[Int(outcome.rawValue)]
                    }
                    text.counter(
                        "mcp_gateway_attempts_total", help: "Calls sent to a backend, by how that ended.",
                        labels: labels + [("outcome", "\(outcome.label)")], count)
                }
                var durations = LatencyHistogram()
                for snapshot in snapshots { durations.merge(snapshot.backends[poolIndex][index].durations) }
                text.histogram(
                    "mcp_client_operation_duration_seconds",
                    help: "From the choice of a backend to the end of its answer, or of the try.", labels: labels,
                    durations)
                text.gauge(
                    "mcp_gateway_backend_up", help: "Whether the active checks pass.", labels: labels,
                    backend.status.health == .up ? 1 : 0)
                writeBreaker(backend.status, labels, into: &text)
                for tool in pool.tools {
                    guard let breaker = tool.breaker(at: index) else { continue }
                    writeBreaker(breaker, labels + [("tool", tool.nameText)], into: &text)
                }
                for (reason, count) in zip(OutlierDetector.Reason.allCases, backend.status.ejectionCounts) {
                    text.counter(
                        "mcp_gateway_outlier_ejections_total",
                        help: "How often a backend was taken out because it did worse than the others.",
                        labels: labels + [("reason", "\(reason.label)")], count)
                }
                text.gauge(
                    "mcp_gateway_backend_connections", help: "Connections to a backend.",
                    labels: labels + [("state", "idle")],
                    snapshots.reduce(0) { $0 + $1.backends[poolIndex][index].idleConnections })
                text.gauge(
                    "mcp_gateway_backend_connections", help: "Connections to a backend.",
                    labels: labels + [("state", "busy")],
                    snapshots.reduce(0) { $0 + $1.backends[poolIndex][index].inFlight })
            }
        }
    }

    private func writeBreaker(
        _ status: BackendStatus, _ labels: [(String, String)], into text: inout PrometheusText
    ) {
        let phase = status.breakerWord.phase
        let counts = status.transitionCounts
        for state in CircuitBreaker.Phase.allCases {
            text.gauge(
                "mcp_gateway_circuit_breaker_state", help: "1 for the state that the breaker is in.",
                labels: labels + [("state", "\(state.label)")], state == phase ? 1 : 0)
            text.counter(
                "mcp_gateway_circuit_breaker_transitions_total", help: "How often the breaker entered a state.",
                labels: labels + [("to", "\(state.label)")], counts[Int(state.rawValue)])
        }
    }

    private func writeOverload(into text: inout PrometheusText) {
        let state = overload.state
        text.gauge(
            "mcp_gateway_overload_level",
            help: "How near the process is to its limits: 0 none, 1 high, 2 critical, 3 exhausted.",
            Int(state.level.rawValue))
        for (resource, use) in [("memory", state.memory), ("descriptors", state.descriptors)] {
            guard let use else { continue }
            text.gauge(
                "mcp_gateway_resource_used_ratio", help: "What is used of what the process may have.",
                labels: [("resource", resource)], use.share)
        }
    }

    private func writeConnections(_ snapshots: [ShardSnapshot], into text: inout PrometheusText) {
        text.counter(
            "mcp_gateway_bugs_total", help: "Mistakes of the gateway itself that it noticed; report them, please.",
            snapshots.reduce(0) { $0 + $1.counters.bugs })
        if let count = resources.openDescriptorCount() {
            text.gauge("mcp_gateway_open_fds", help: "File descriptors that are open.", count)
        }
        text.gauge(
            "mcp_gateway_connections", help: "Open connections of clients.",
            snapshots.reduce(0) { $0 + $1.counters.connections })
        if let connectionLimit {
            text.gauge(
                "mcp_gateway_connections_limit", help: "Connections of clients that may be open.", connectionLimit)
        }
        text.counter(
            "mcp_gateway_protocol_errors_total", help: "Messages that were not what they must be, by who sent them.",
            labels: [("side", "client"), ("kind", "http")],
            snapshots.reduce(0) { $0 + $1.counters.clientProtocolErrors })
        text.counter(
            "mcp_gateway_protocol_errors_total", help: "Messages that were not what they must be, by who sent them.",
            labels: [("side", "backend"), ("kind", "answer")],
            snapshots.reduce(0) { $0 + $1.counters.backendProtocolErrors })
        for (index, snapshot) in snapshots.enumerated() {
            text.gauge(
                "mcp_gateway_loop_lag_seconds", help: "How late an event loop was with its last regular work.",
                labels: [("loop", "\(index)")], Double(snapshot.counters.loopLag.nanoseconds) / 1e9)
        }
        for failure in GatewayFailure.allCases {
            text.counter(
                "mcp_gateway_refused_requests_total",
                help: "HTTP requests refused by their head, before they were calls.",
                labels: [("error_type", "\(failure.label)")],
                snapshots.reduce(0) { $0 + $1.counters.refusals[Int(failure.rawValue)] })
        }
    }
}
