package import CoreMetrics
import Synchronization

/// Keeps the metrics of a process and renders them for Prometheus: the back end of swift-metrics, and the place where
/// parts that count by themselves register a collector.
///
/// Handles are made once and kept by whoever counts; making one takes a lock, using it is an atomic addition. Timers
/// become histograms in seconds, aggregating recorders histograms over powers of four. The number of series is bounded:
/// a handle beyond the bound counts nothing, and that is counted.
package final class PrometheusRegistry: MetricsFactory, Sendable {
    /// Adds what it counts to a page that is being rendered.
    package typealias Collector = @Sendable (inout PrometheusText) async -> Void

    private struct State: Sendable {
        var series: [SeriesKey: any RegistrySeries] = [:]
        /// In the order of their making, which is the order on the page.
        var order: [any RegistrySeries] = []
        /// To which kind of handle a name belongs, and how many of its series there are.
        var shapes: [String: (shape: RegistryShape, count: Int)] = [:]
        var lineCount = 0
        var help: [String: String] = [:]
        var collectors: [Collector] = []
    }

    private struct SeriesKey: Hashable, Sendable {
        var name: String
        var labels: [UInt8]
    }

    private let maximumSeries: Int
    private let processMetrics: ProcessMetrics?
    private let state = Mutex(State())
    private let droppedSeries = Atomic<Int>(0)

    /// A registry for at most `maximumSeries` lines of handles, which also tells about the process unless that is not
    /// wanted.
    package init(maximumSeries: Int = 10_000, includesProcess: Bool = true) {
        self.maximumSeries = maximumSeries
        processMetrics = includesProcess ? ProcessMetrics() : nil
    }

    /// How many handles were asked for beyond the bound.
    package var droppedSeriesCount: Int { droppedSeries.load(ordering: .relaxed) }

    /// Adds a collector, to be asked at every rendering from now on, after those that are there.
    package func register(_ collector: @escaping Collector) {
        state.withLock { $0.collectors.append(collector) }
    }

    /// Says what the metric `name`, made through swift-metrics, counts; swift-metrics itself has no place for that.
    package func describe(_ name: String, _ help: String) {
        state.withLock { $0.help[PrometheusRegistry.canonical(name)] = help }
    }

    /// Appends the page in the text format 0.0.4. Waits for the collectors, one after the other; holds no lock
    /// meanwhile.
    package func render(into output: inout [UInt8]) async {
        let (order, help, collectors) = state.withLock { ($0.order, $0.help, $0.collectors) }
        var text = PrometheusText()
        for series in order { series.write(into: &text, help: help[series.name] ?? "") }
        text.counter(
            "mcp_metrics_dropped_series_total",
            help: "Metric handles that count nothing: beyond the bound on series, or named like another kind.",
            droppedSeriesCount)
        for collector in collectors { await collector(&text) }
        processMetrics?.collect(into: &text)
        text.write(into: &output)
    }

    // MARK: MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        make(label, dimensions) { CounterSeries(name: $0, labels: dimensions) }
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        make(label, dimensions) { SumSeries(name: $0, labels: dimensions) }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        make(label, dimensions) { GaugeSeries(name: $0, labels: dimensions) }
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        if aggregate {
            make(label, dimensions) { HistogramSeries(name: $0, labels: dimensions, shape: .sizes) }
        } else {
            make(label, dimensions) { GaugeSeries(name: $0, labels: dimensions) }
        }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        make(label, dimensions) { HistogramSeries(name: $0, labels: dimensions, shape: .latencies) }
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    /// The series with this name and these labels, made if there is none. One that nobody renders when there is no room,
    /// or when the name belongs to another kind of handle already.
    private func make<Series: RegistrySeries>(
        _ label: String, _ dimensions: [(String, String)], _ new: (String) -> Series
    ) -> Series {
        let name = PrometheusRegistry.canonical(label)
        let key = SeriesKey(name: name, labels: PrometheusText.labelText(dimensions))
        let series = new(name)
        let known = state.withLock { state -> Series? in
            let owner = state.shapes[name]
            guard owner == nil || owner?.shape == series.shape else { return nil }
            if let existing = state.series[key] { return existing as? Series }
            guard state.lineCount + series.lineCount <= maximumSeries else { return nil }
            state.shapes[name] = (series.shape, (owner?.count ?? 0) + 1)
            state.lineCount += series.lineCount
            state.series[key] = series
            state.order.append(series)
            return series
        }
        if let known { return known }
        droppedSeries.wrappingAdd(1, ordering: .relaxed)
        return series
    }

    private func remove(_ handler: AnyObject) {
        state.withLock { state in
            guard let position = state.order.firstIndex(where: { $0 === handler }) else { return }
            let series = state.order.remove(at: position)
            state.lineCount -= series.lineCount
            state.series[SeriesKey(name: series.name, labels: PrometheusText.labelText(series.labels))] = nil
            let count = state.shapes[series.name]?.count ?? 0
            state.shapes[series.name] = count > 1 ? (series.shape, count - 1) : nil
        }
    }

    private static func canonical(_ name: String) -> String {
        String(decoding: PrometheusText.sanitized(name), as: UTF8.self)
    }
}
