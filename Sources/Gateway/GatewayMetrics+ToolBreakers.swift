import Resilience
import Telemetry

extension GatewayMetrics {
    /// Writes how the breaker of a tool at a backend stands, which `labels` name.
    func writeBreaker(
        _ breaker: ToolBreaker, _ labels: [(String, String)], into text: inout PrometheusText
    ) {
        let (phase, counts) = (breaker.phase, breaker.transitionCounts)
        // Operators have no hand in these.
        for state in [CircuitBreaker.Phase.closed, .open, .halfOpen] {
            text.gauge(
                "mcp_gateway_tool_circuit_breaker_state",
                help: "1 for the state that the breaker of a tool at a backend is in.",
                labels: labels + [("state", "\(state.label)")], state == phase ? 1 : 0)
            text.counter(
                "mcp_gateway_tool_circuit_breaker_transitions_total",
                help: "How often the breaker of a tool at a backend entered a state.",
                labels: labels + [("to", "\(state.label)")], counts[Int(state.rawValue)])
        }
    }
}
