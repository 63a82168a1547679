import CoreMetrics

/// A sum that only grows.
final class SumSeries: RegistrySeries, FloatingPointCounterHandler {
    let name: String
    let labels: PrometheusText.Labels
    private let value = AtomicDouble()

    init(name: String, labels: PrometheusText.Labels) {
        self.name = name
        self.labels = labels
    }

    var shape: RegistryShape { .sum }
    var lineCount: Int { 1 }

    func increment(by amount: Double) {
        if amount > 0 { value.add(amount) }
    }

    func reset() { value.store(0) }

    func write(into text: inout PrometheusText, help: String) {
        text.counter(name, help: help, labels: labels, value.load())
    }
}
