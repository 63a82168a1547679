import CoreMetrics
import Synchronization

/// A distribution of lengths of time or of sizes.
final class HistogramSeries: RegistrySeries, TimerHandler, RecorderHandler {
    let name: String
    let labels: PrometheusText.Labels
    let shape: RegistryShape
    private let bounds: [Double]
    private let counts: InlineArray<19, Atomic<Int>> = InlineArray { _ in Atomic(0) }
    private let sum = AtomicDouble()

    private static let powersOfFour: [Double] = (0...12).map { Double(1 << ($0 * 2)) }

    /// A histogram of `latencies` or of `sizes`.
    init(name: String, labels: PrometheusText.Labels, shape: RegistryShape) {
        self.name = name
        self.labels = labels
        self.shape = shape
        switch shape {
        case .latencies: bounds = LatencyHistogram.boundsInSeconds
        case .sizes, .counter, .sum, .gauge: bounds = HistogramSeries.powersOfFour
        }
    }

    var lineCount: Int { bounds.count + 3 }

    func recordNanoseconds(_ duration: Int64) {
        counts[LatencyHistogram.bucket(of: duration)].wrappingAdd(1, ordering: .relaxed)
        sum.add(Double(max(duration, 0)) / 1e9)
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        // What is no number is in no bucket, and would spoil the sum for good.
        guard value.isFinite else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        counts[bucket].wrappingAdd(1, ordering: .relaxed)
        sum.add(value)
    }

    func write(into text: inout PrometheusText, help: String) {
        text.histogram(
            name, help: help, labels: labels, bounds: bounds,
            counts: (0...bounds.count).map { counts[$0].load(ordering: .relaxed) }, sum: sum.load())
    }
}
