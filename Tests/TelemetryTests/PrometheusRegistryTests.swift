import CoreMetrics
import Telemetry
import Testing

@Suite struct `Prometheus registry` {
    private func page(_ registry: PrometheusRegistry) async throws -> Exposition {
        var bytes: [UInt8] = []
        await registry.render(into: &bytes)
        return try Exposition(String(decoding: bytes, as: UTF8.self))
    }

    @Test func `renders handles of swift-metrics`() async throws {
        let registry = PrometheusRegistry(includesProcess: false)
        registry.describe("requests", "Requests.")
        Counter(label: "requests", dimensions: [("method", "ping")], factory: registry).increment(by: 3)
        FloatingPointCounter(label: "joules", factory: registry).increment(by: 1.5)
        Meter(label: "level", factory: registry).set(2.5)
        Gauge(label: "active", factory: registry).record(7)
        Recorder(label: "size", dimensions: [], aggregate: true, factory: registry).record(5)
        Timer(label: "took.seconds", dimensions: [("a", "b")], factory: registry).recordMilliseconds(3)
        let page = try await page(registry)
        #expect(page.value("requests", ["method": "ping"]) == "3")
        #expect(page.help["requests"] == "Requests.")
        #expect(page.value("joules") == "1.5")
        #expect(page.value("level") == "2.5")
        #expect(page.value("active") == "7")
        #expect(page.value("size_bucket", ["le": "4"]) == "0")
        #expect(page.value("size_bucket", ["le": "16"]) == "1")
        #expect(page.value("size_sum") == "5")
        #expect(page.value("took_seconds_bucket", ["a": "b", "le": "0.0025"]) == "0")
        #expect(page.value("took_seconds_bucket", ["a": "b", "le": "0.005"]) == "1")
        #expect(page.value("took_seconds_sum", ["a": "b"]) == "0.003")
        #expect(
            page.types == [
                "requests": "counter", "joules": "counter", "level": "gauge", "active": "gauge", "size": "histogram",
                "took_seconds": "histogram", "mcp_metrics_dropped_series_total": "counter",
            ])
    }

    @Test func `gives the same series to handles with the same name and labels`() async throws {
        let registry = PrometheusRegistry(includesProcess: false)
        for _ in 0..<10 { Counter(label: "a", dimensions: [("x", "1")], factory: registry).increment() }
        Counter(label: "a", dimensions: [("x", "2")], factory: registry).increment()
        let page = try await page(registry)
        #expect(page.value("a", ["x": "1"]) == "10")
        #expect(page.value("a", ["x": "2"]) == "1")
    }

    @Test func `loses no count and no sum under concurrency`() async throws {
        let registry = PrometheusRegistry(includesProcess: false)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    let counter = Counter(label: "calls", factory: registry)
                    let timer = Timer(label: "took", factory: registry)
                    let sum = FloatingPointCounter(label: "sum", factory: registry)
                    let meter = Meter(label: "meter", factory: registry)
                    for step in 0..<5_000 {
                        counter.increment()
                        timer.recordNanoseconds(Int64(step % 3) * 1_000_000_000)
                        sum.increment(by: 0.5)
                        if task % 2 == 0 { meter.increment(by: 1) } else { meter.decrement(by: 1) }
                    }
                }
            }
        }
        let page = try await page(registry)
        #expect(page.value("calls") == "40000")
        #expect(page.value("sum") == "20000")
        #expect(page.value("meter") == "0")
        #expect(page.value("took_count") == "40000")
        // Of 5,000 steps 1,667 took 0 s, 1,667 one second and 1,666 two.
        #expect(page.value("took_sum") == "\(8 * (1_667 + 2 * 1_666))")
        #expect(page.value("took_bucket", ["le": "0.0001"]) == "\(8 * 1_667)")
        #expect(page.value("took_bucket", ["le": "1"]) == "\(8 * 1_667 * 2)")
    }

    @Test func `may be rendered while it is counted and handles are made`() async throws {
        let registry = PrometheusRegistry(includesProcess: false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for step in 0..<200 {
                        Counter(label: "c", dimensions: [("i", "\(task)-\(step % 50)")], factory: registry).increment()
                    }
                }
                group.addTask { for _ in 0..<20 { _ = try await page(registry) } }
            }
            try await group.waitForAll()
        }
        #expect(try await page(registry).samples.count { $0.name == "c" } == 200)
    }

    @Test func `bounds the number of series and counts what is beyond`() async throws {
        let registry = PrometheusRegistry(maximumSeries: 100, includesProcess: false)
        for index in 0..<150 {
            Counter(label: "c", dimensions: [("i", "\(index)")], factory: registry).increment()
        }
        // A histogram is as many series as it has lines.
        Timer(label: "t", factory: registry).recordSeconds(1)
        Counter(label: "c", dimensions: [("i", "5")], factory: registry).increment()
        let page = try await page(registry)
        #expect(page.samples.count { $0.name == "c" } == 100)
        #expect(page.types["t"] == nil)
        #expect(page.value("c", ["i": "5"]) == "2")
        #expect(page.value("mcp_metrics_dropped_series_total") == "51")
        #expect(registry.droppedSeriesCount == 51)
    }

    @Test func `makes room when a handle is destroyed`() async throws {
        let registry = PrometheusRegistry(maximumSeries: 2, includesProcess: false)
        let first = Counter(label: "c", dimensions: [("i", "1")], factory: registry)
        _ = Counter(label: "c", dimensions: [("i", "2")], factory: registry)
        first.increment()
        first.destroy()
        Gauge(label: "g", factory: registry).record(1)
        let page = try await page(registry)
        #expect(page.value("c", ["i": "1"]) == nil)
        #expect(page.value("c", ["i": "2"]) == "0")
        #expect(page.value("g") == "1")
        #expect(registry.droppedSeriesCount == 0)
    }

    @Test func `does not take the name of a handle for one of another kind`() async throws {
        let registry = PrometheusRegistry(includesProcess: false)
        Counter(label: "x", factory: registry).increment()
        FloatingPointCounter(label: "x", factory: registry).increment(by: 5)
        Gauge(label: "x", factory: registry).record(9)
        Timer(label: "h", factory: registry).recordSeconds(1)
        Recorder(label: "h", dimensions: [], aggregate: true, factory: registry).record(7)
        let page = try await page(registry)
        #expect(page.types["x"] == "counter")
        #expect(page.value("x") == "1")
        #expect(page.value("h_count") == "1")
    }

    @Test func `never lets a counter go down or a histogram become no number`() async throws {
        let registry = PrometheusRegistry(includesProcess: false)
        let counter = Counter(label: "c", factory: registry)
        counter.increment(by: 5)
        counter.increment(by: -3)
        let sum = FloatingPointCounter(label: "s", factory: registry)
        sum.increment(by: 5)
        sum.increment(by: -3)
        sum.increment(by: Double.nan)
        let recorder = Recorder(label: "r", dimensions: [], aggregate: true, factory: registry)
        for value in [.nan, .infinity, -.infinity, 3] as [Double] { recorder.record(value) }
        let page = try await page(registry)
        #expect(page.value("c") == "5")
        #expect(page.value("s") == "5")
        #expect(page.value("r_count") == "1")
        #expect(page.value("r_sum") == "3")
    }

    @Test func `asks its collectors, each time, in their order`() async throws {
        let registry = PrometheusRegistry(includesProcess: false)
        let source = Source()
        registry.register { text in text.gauge("first", help: "", await source.next()) }
        registry.register { text in text.gauge("second", help: "", await source.next()) }
        var bytes: [UInt8] = []
        await registry.render(into: &bytes)
        #expect(
            String(decoding: bytes, as: UTF8.self).hasSuffix(
                "# TYPE first gauge\nfirst 1\n# TYPE second gauge\nsecond 2\n"))
        #expect(try await page(registry).value("second") == "4")
    }

    @Test func `tells about the process`() async throws {
        let page = try await page(PrometheusRegistry())
        for name in ["process_cpu_seconds_total", "process_max_fds"] {
            #expect((page.value(name).flatMap(Double.init) ?? -1) > 0, "\(name)")
        }
        #if os(Linux)
            let resident = page.value("process_resident_memory_bytes").flatMap(Int.init) ?? 0
            #expect(resident > 1 << 20 && resident < 1 << 36)
            #expect((page.value("process_open_fds").flatMap(Int.init) ?? 0) >= 3)
            let start = page.value("process_start_time_seconds").flatMap(Double.init) ?? 0
            let now = Double(WallTime.now().seconds)
            #expect(start > now - 3_600 && start <= now + 2)
        #endif
    }

    private actor Source {
        private var count = 0

        func next() -> Int {
            count += 1
            return count
        }
    }
}
