package import NIOCore
import Telemetry
package import Wire

/// How the gateway and each of its backends are, as one JSON object: for programs, and for `mcp-gateway status`.
package struct StatusPage: Sendable {
    private let current: CurrentGeneration
    private let loops: [NIOLoopBound<ServingLoop>]
    private let version: String
    private let readiness: Readiness
    private let overload: OverloadBoard
    private let names: NameBoard

    /// The page about what is in effect on these loops.
    package init(
        _ current: CurrentGeneration, loops: [NIOLoopBound<ServingLoop>], version: String, readiness: Readiness,
        overload: OverloadBoard = OverloadBoard(), names: NameBoard = NameBoard()
    ) {
        self.current = current
        self.loops = loops
        self.version = version
        self.readiness = readiness
        self.overload = overload
        self.names = names
    }

    /// The page as it is now. Asks each loop once.
    package func json() async -> JSONValue {
        var snapshots: [ShardSnapshot] = []
        for loop in loops { if let snapshot = try? await loop.snapshot() { snapshots.append(snapshot) } }
        return json(snapshots)
    }

    private func json(_ snapshots: [ShardSnapshot]) -> JSONValue {
        let generation = current.value
        let plan = generation.plan
        let snapshots = snapshots.map { $0.arranged(for: plan.pools) }
        return [
            "version": .string(version), "generation": .integer(generation.number),
            "phase": .string("\(readiness.phase)"), "ready": .bool(readiness.isReady),
            "connections": .integer(snapshots.reduce(0) { $0 + $1.counters.connections }),
            "in_flight": .integer(snapshots.reduce(0) { $0 + $1.counters.inFlight }),
            "overload": overloadJSON(),
            "pools": .array(
                plan.pools.enumerated().map { index, pool in
                    [
                        "name": .string(pool.name), "panic": .bool(pool.choice == .allNotDown),
                        "in_flight": .integer(pool.admission.inFlight), "limit": .integer(pool.admission.limit),
                        "waiting": .integer(pool.admission.waiting),
                        "backends": .array(
                            pool.backends.enumerated().map { position, backend in
                                json(
                                    backend, snapshots.map { $0.backends[index][position] },
                                    tools: StatusPage.breakersOfTools(pool, at: position))
                            }),
                    ]
                }),
            "names": .array(names.reports.map { StatusPage.json($0.name, $0.report) }),
        ]
    }

    private static func json(_ name: WatchedName, _ report: NameBoard.Report) -> JSONValue {
        [
            "name": .string(name.host), "addresses": .array(report.addresses.map { .string($0.text) }),
            "refused": .array(report.refused.map { .string($0.text) }),
            "failure": report.failure.map { .string($0.rawValue) } ?? .null,
            "last_failure": report.failedAt.map { .string(time($0)) } ?? .null,
        ]
    }

    private func overloadJSON() -> JSONValue {
        let state = overload.state
        func json(_ use: ProcessResources.Use?) -> JSONValue {
            use.map { ["used": .integer($0.used), "limit": .integer($0.limit)] } ?? .null
        }
        return [
            "level": .string("\(state.level.label)"), "memory": json(state.memory),
            "descriptors": json(state.descriptors),
            "lag_milliseconds": .integer(Int(clamping: TimeAmount(state.lag).nanoseconds / 1_000_000)),
        ]
    }

    private func json(
        _ backend: BackendPlan, _ figures: [ShardSnapshot.BackendFigures], tools: JSONObject
    ) -> JSONValue {
        let status = backend.status
        var attempts = JSONObject()
        for outcome in AttemptOutcome.allCases {
            attempts["\(outcome.label)"] = .integer(figures.reduce(0) { $0 + $1.attempts[Int(outcome.rawValue)] })
        }
        return [
            "url": .string(backend.url),
            "address": backend.address.isUnresolved ? .null : .string(backend.addressText),
            "weight": .integer(backend.weight), "backup": .bool(backend.isBackup),
            "health": .string("\(status.health)"), "drained": .bool(status.isDrained),
            "ejected": .bool(status.isEjected),
            "breaker": .string("\(status.breakerWord.phase.label)"), "tool_breakers": .object(tools),
            "in_flight": .integer(figures.reduce(0) { $0 + $1.inFlight }),
            "idle_connections": .integer(figures.reduce(0) { $0 + $1.idleConnections }),
            "attempts": .object(attempts), "last_failure": status.lastFailure.map(StatusPage.json) ?? .null,
        ]
    }

    /// The state of each breaker that a tool has at the backend with this position, by the tool's name.
    private static func breakersOfTools(_ pool: PoolPlan, at position: Int) -> JSONObject {
        var breakers = JSONObject()
        for tool in pool.tools {
            guard let breaker = tool.breaker(at: position) else { continue }
            breakers[tool.nameText] = .string("\(breaker.phase.label)")
        }
        return breakers
    }

    /// A time in milliseconds since 1970, as RFC 3339 has it.
    private static func time(_ milliseconds: Int64) -> String {
        var time: [UInt8] = []
        var clock = TimestampCache()
        clock.appendRFC3339(
            WallTime(seconds: milliseconds / 1_000, nanoseconds: Int32(milliseconds % 1_000) * 1_000_000), to: &time)
        return String(decoding: time, as: UTF8.self)
    }

    private static func json(_ failure: BackendFailure) -> JSONValue {
        [
            "time": .string(time(failure.milliseconds)), "stage": .string("\(failure.stageLabel)"),
            "message": .string("\(failure.message)"),
        ]
    }
}
