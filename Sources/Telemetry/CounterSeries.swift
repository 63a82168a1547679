import CoreMetrics
import Synchronization

/// A count that only grows.
final class CounterSeries: RegistrySeries, CounterHandler {
    let name: String
    let labels: PrometheusText.Labels
    private let value = Atomic<Int64>(0)

    init(name: String, labels: PrometheusText.Labels) {
        self.name = name
        self.labels = labels
    }

    var shape: RegistryShape { .counter }
    var lineCount: Int { 1 }

    func increment(by amount: Int64) {
        // A counter that went down would look like a restart.
        if amount > 0 { value.wrappingAdd(amount, ordering: .relaxed) }
    }

    func reset() { value.store(0, ordering: .relaxed) }

    func write(into text: inout PrometheusText, help: String) {
        text.counter(name, help: help, labels: labels, Int(value.load(ordering: .relaxed)))
    }
}
