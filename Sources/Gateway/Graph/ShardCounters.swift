package import NIOCore
package import Telemetry
package import Wire

/// How a call ended, for the metric `mcp_gateway_requests_total` and the access log.
package enum CallStatus: UInt8, CaseIterable, Sendable {
    case ok, toolError, rpcError, clientError, refused, backendError, timeout, clientGone

    /// The value of the label `status`.
    package var label: StaticString {
        switch self {
        case .ok: "ok"
        case .toolError: "tool_error"
        case .rpcError: "rpc_error"
        case .clientError: "client_error"
        case .refused: "refused"
        case .backendError: "backend_error"
        case .timeout: "timeout"
        case .clientGone: "client_gone"
        }
    }
}

/// What one shard counts: plain integers, summed over the shards when somebody asks.
package struct ShardCounters: Sendable {
    /// Calls by pool, method and status, in one flat array.
    private var calls: [Int]
    /// Seconds from the arrival of a call to the end of its answer, by pool and method.
    private var durations: [LatencyHistogram]
    /// Seconds that calls with a whole answer spent in the gateway itself, by pool.
    private var overheads: [LatencyHistogram]
    /// Calls that ended as `refused`, by pool and failure, in one flat array.
    private var shed: [Int]
    /// Mistakes of the gateway's own that it has noticed and survived.
    package var bugs = 0
    /// Calls that are under way.
    package var inFlight = 0
    /// Client connections that are open.
    package var connections = 0
    /// HTTP requests refused before they were calls, by failure.
    package private(set) var refusals = [Int](repeating: 0, count: GatewayFailure.allCases.count)
    /// Answers of backends that could not be used.
    package var backendProtocolErrors = 0
    /// Input of clients that was not HTTP.
    package var clientProtocolErrors = 0
    /// Tries after the first one, in the order of `AttemptOutcome.allCases` by what ended the try before.
    package private(set) var retries = [Int](repeating: 0, count: AttemptOutcome.allCases.count)
    /// Second attempts beside first ones.
    package var hedges = 0
    /// Those of them whose answer was used.
    package var wonHedges = 0
    /// How late the loop was when it was last asked to be on time.
    package var loopLag = TimeAmount.zero
    /// What was counted of pools that have left, by their names: each as the only pool of its counters.
    private var departed: [String: ShardCounters] = [:]

    /// Pools that have left of which it is remembered what was counted.
    private static let maximumDeparted = 256

    package init(poolCount: Int) {
        calls = [Int](repeating: 0, count: poolCount * MCPMethod.allCases.count * CallStatus.allCases.count)
        durations = [LatencyHistogram](
            repeating: LatencyHistogram(), count: poolCount * MCPMethod.allCases.count)
        overheads = [LatencyHistogram](repeating: LatencyHistogram(), count: poolCount)
        shed = [Int](repeating: 0, count: poolCount * GatewayFailure.allCases.count)
    }

    /// The number of calls of `method` in the pool at `pool` that ended as `status`.
    package func calls(pool: Int, method: MCPMethod, status: CallStatus) -> Int {
        calls[position(pool, method, status)]
    }

    /// How long the calls of `method` in the pool at `pool` took.
    package func durations(pool: Int, method: MCPMethod) -> LatencyHistogram {
        durations[pool * MCPMethod.allCases.count + Int(method.rawValue)]
    }

    /// How long calls of the pool at `pool` with a whole answer were in the gateway and not with a backend.
    package func overheads(pool: Int) -> LatencyHistogram { overheads[pool] }

    /// The number of calls in the pool at `pool` that were refused because of `failure`.
    package func shed(pool: Int, failure: GatewayFailure) -> Int {
        shed[pool * GatewayFailure.allCases.count + Int(failure.rawValue)]
    }

    /// Adds what was counted for the pools of `names`, in this order; the pools of these counters are those of `ownNames`.
    mutating func add(_ other: ShardCounters, of names: [String], to ownNames: [String]) {
        bugs += other.bugs
        inFlight += other.inFlight
        connections += other.connections
        backendProtocolErrors += other.backendProtocolErrors
        clientProtocolErrors += other.clientProtocolErrors
        hedges += other.hedges
        wonHedges += other.wonHedges
        loopLag = max(loopLag, other.loopLag)
        for index in refusals.indices { refusals[index] += other.refusals[index] }
        for index in retries.indices { retries[index] += other.retries[index] }
        let positions = Dictionary(ownNames.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        for (position, name) in names.enumerated() { add(other, at: position, of: name, to: positions[name]) }
        for (name, counters) in other.departed { add(counters, at: 0, of: name, to: positions[name]) }
        for (position, name) in ownNames.enumerated() {
            if let counters = departed.removeValue(forKey: name) { addPool(counters, at: 0, to: position) }
        }
    }

    private mutating func add(_ other: ShardCounters, at position: Int, of name: String, to own: Int?) {
        if let own { return addPool(other, at: position, to: own) }
        guard departed[name] != nil || departed.count < ShardCounters.maximumDeparted else { return }
        departed[name, default: ShardCounters(poolCount: 1)].addPool(other, at: position, to: 0)
    }

    private mutating func addPool(_ other: ShardCounters, at position: Int, to own: Int) {
        let (methods, failures) = (MCPMethod.allCases.count, GatewayFailure.allCases.count)
        let statuses = methods * CallStatus.allCases.count
        for offset in 0..<statuses { calls[own * statuses + offset] += other.calls[position * statuses + offset] }
        for offset in 0..<methods {
            durations[own * methods + offset].merge(other.durations[position * methods + offset])
        }
        for offset in 0..<failures { shed[own * failures + offset] += other.shed[position * failures + offset] }
        overheads[own].merge(other.overheads[position])
    }

    mutating func count(shed failure: GatewayFailure, pool: Int) {
        shed[pool * GatewayFailure.allCases.count + Int(failure.rawValue)] += 1
    }

    mutating func count(overhead: TimeAmount, pool: Int) {
        overheads[pool].record(nanoseconds: overhead.nanoseconds)
    }

    mutating func count(retryAfter outcome: AttemptOutcome) {
        retries[Int(outcome.rawValue)] += 1
    }

    mutating func count(pool: Int, method: MCPMethod, status: CallStatus, duration: TimeAmount) {
        calls[position(pool, method, status)] += 1
        durations[pool * MCPMethod.allCases.count + Int(method.rawValue)].record(nanoseconds: duration.nanoseconds)
    }

    mutating func count(refusal: GatewayFailure) {
        refusals[Int(refusal.rawValue)] += 1
    }

    private func position(_ pool: Int, _ method: MCPMethod, _ status: CallStatus) -> Int {
        (pool * MCPMethod.allCases.count + Int(method.rawValue)) * CallStatus.allCases.count + Int(status.rawValue)
    }
}
