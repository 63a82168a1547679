import Telemetry
import Wire

/// Plain numbers: messages by method and how they ended, how long they took, errors by kind, connections.
struct MetricCounts: Sendable {
    /// Open connections.
    var connections = 0
    private var successes = [Int](repeating: 0, count: MCPMethod.allCases.count)
    private var failures = [Int](repeating: 0, count: MCPMethod.allCases.count)
    private var durations = [LatencyHistogram](repeating: LatencyHistogram(), count: MCPMethod.allCases.count)
    private var problems = [Int](repeating: 0, count: Problem.allCases.count)

    mutating func record(_ method: MCPMethod, _ problem: Problem?, nanoseconds: Int64) {
        let index = Int(method.rawValue)
        durations[index].record(nanoseconds: nanoseconds)
        if let problem {
            failures[index] += 1
            problems[Int(problem.rawValue)] += 1
        } else {
            successes[index] += 1
        }
    }

    mutating func record(refusal problem: Problem) {
        problems[Int(problem.rawValue)] += 1
    }

    mutating func add(_ other: MetricCounts) {
        connections += other.connections
        for index in successes.indices {
            successes[index] += other.successes[index]
            failures[index] += other.failures[index]
            durations[index].merge(other.durations[index])
        }
        for index in problems.indices { problems[index] += other.problems[index] }
    }

    /// Writes the families; of methods that nobody has called, nothing.
    func write(into text: inout PrometheusText) {
        text.declare("mcp_requests_total", .counter, help: "Messages answered, by method and how they ended.")
        text.declare("mcp_request_duration_seconds", .histogram, help: "From a message's last byte to its answer.")
        for method in MCPMethod.allCases {
            let index = Int(method.rawValue)
            guard successes[index] + failures[index] > 0 else { continue }
            let label = ("method", "\(method.metricLabel)")
            for (status, count) in [("success", successes[index]), ("error", failures[index])] {
                text.counter(
                    "mcp_requests_total", help: "Messages answered, by method and how they ended.",
                    labels: [label, ("status", status)], count)
            }
            text.histogram(
                "mcp_request_duration_seconds", help: "From a message's last byte to its answer.", labels: [label],
                durations[index])
        }
        text.gauge("mcp_active_connections", help: "Open connections.", connections)
        for problem in Problem.allCases {
            text.counter(
                "mcp_errors_total", help: "Messages and requests that failed, by kind.",
                labels: [("error_type", "\(problem.label)")], problems[Int(problem.rawValue)])
        }
    }
}
