import CoreMetrics
import Synchronization

/// A distribution of lengths of time or of sizes.
final class HistogramSeries: RegistrySeries, TimerHandler, RecorderHandler {
    /// The buckets of a histogram.
    enum Bounds: Sendable {
        /// Those of `LatencyHistogram`; recorded in nanoseconds, written in seconds.
        case latency
        /// 1, 4, 16, … 16,777,216: for sizes and counts.
        case powersOfFour
    }

    let name: String
    let labels: PrometheusText.Labels
    private let bounds: Bounds
    private let counts: InlineArray<19, Atomic<Int>> = InlineArray { _ in Atomic(0) }
    private let sum = AtomicDouble()

    private static let powersOfFour: [Double] = (0...12).map { Double(1 << ($0 * 2)) }

    init(name: String, labels: PrometheusText.Labels, bounds: Bounds) {
        self.name = name
        self.labels = labels
        self.bounds = bounds
    }

    private var boundValues: [Double] {
        switch bounds {
        case .latency: LatencyHistogram.boundsInSeconds
        case .powersOfFour: HistogramSeries.powersOfFour
        }
    }

    var lineCount: Int { boundValues.count + 3 }

    func recordNanoseconds(_ duration: Int64) {
        counts[LatencyHistogram.bucket(of: duration)].wrappingAdd(1, ordering: .relaxed)
        sum.add(Double(max(duration, 0)) / 1e9)
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        // What is no number is in no bucket, and would spoil the sum for good.
        guard value.isFinite else { return }
        let bounds = boundValues
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        counts[bucket].wrappingAdd(1, ordering: .relaxed)
        sum.add(value)
    }

    func write(into text: inout PrometheusText, help: String) {
        let bounds = boundValues
        text.histogram(
            name, help: help, labels: labels, bounds: bounds,
            counts: (0...bounds.count).map { counts[$0].load(ordering: .relaxed) }, sum: sum.load())
    }
}
