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
