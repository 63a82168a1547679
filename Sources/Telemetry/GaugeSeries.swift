import CoreMetrics

/// A value that goes up and down.
final class GaugeSeries: RegistrySeries, MeterHandler, RecorderHandler {
    let name: String
    let labels: PrometheusText.Labels
    private let value = AtomicDouble()

    init(name: String, labels: PrometheusText.Labels) {
        self.name = name
        self.labels = labels
    }

    var shape: RegistryShape { .gauge }
    var lineCount: Int { 1 }

    func set(_ value: Int64) { self.value.store(Double(value)) }
    func set(_ value: Double) { self.value.store(value) }
    func increment(by amount: Double) { value.add(amount) }
    func decrement(by amount: Double) { value.add(-amount) }
    func record(_ value: Int64) { self.value.store(Double(value)) }
    func record(_ value: Double) { self.value.store(value) }

    func write(into text: inout PrometheusText, help: String) {
        text.gauge(name, help: help, labels: labels, value.load())
    }
}
