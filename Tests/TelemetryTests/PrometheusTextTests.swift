import Telemetry
import Testing

@Suite struct `Prometheus text` {
    @Test func `writes help and type once, and the samples under them`() {
        var text = PrometheusText()
        text.counter("calls_total", help: "Calls.", labels: [("pool", "tools"), ("status", "ok")], 3)
        text.counter("calls_total", help: "Calls.", labels: [("pool", "tools"), ("status", "refused")], 0)
        text.gauge("up", help: "Whether it is up.", 1)
        #expect(
            text.text == """
                # HELP calls_total Calls.
                # TYPE calls_total counter
                calls_total{pool="tools",status="ok"} 3
                calls_total{pool="tools",status="refused"} 0
                # HELP up Whether it is up.
                # TYPE up gauge
                up 1

                """)
    }

    @Test func `keeps families together that were added in turns`() throws {
        var text = PrometheusText()
        for index in 0..<10 {
            text.gauge("a", help: "A.", labels: [("i", "\(index)")], index)
            text.counter("b", help: "B.", labels: [("i", "\(index)")], index)
            text.histogram("c", help: "C.", labels: [("i", "\(index)")], LatencyHistogram())
        }
        let page = try Exposition(text.text)
        #expect(page.types == ["a": "gauge", "b": "counter", "c": "histogram"])
        #expect(page.samples.count == 10 + 10 + 10 * (LatencyHistogram.bucketCount + 2))
        #expect(text.text.hasPrefix("# HELP a A.\n# TYPE a gauge\na{i=\"0\"} 0\na{i=\"1\"} 1\n"))
    }

    @Test func `declares a family without samples`() {
        var text = PrometheusText()
        text.declare("calls_total", .counter, help: "Calls.")
        #expect(text.text == "# HELP calls_total Calls.\n# TYPE calls_total counter\n")
        text.counter("calls_total", help: "Calls.", 1)
        text.declare("calls_total", .counter, help: "Calls.")
        #expect(text.text == "# HELP calls_total Calls.\n# TYPE calls_total counter\ncalls_total 1\n")
    }

    @Test func `leaves out the help that nobody gave`() {
        var text = PrometheusText()
        text.gauge("a", help: "", 1)
        #expect(text.text == "# TYPE a gauge\na 1\n")
        text.gauge("a", help: "Late.", labels: [("x", "y")], 2)
        #expect(text.text == "# HELP a Late.\n# TYPE a gauge\na 1\na{x=\"y\"} 2\n")
    }

    @Test func `escapes label values and help`() throws {
        let hostile = "a\\b\"c\nd}{,=\u{0}\u{7F}é\u{1F600}"
        var text = PrometheusText()
        text.gauge("a", help: "one\ntwo\\three \"four\"", labels: [("x", hostile), ("y", "")], 1)
        #expect(text.text.contains("# HELP a one\\ntwo\\\\three \"four\"\n"))
        #expect(text.text.contains("a{x=\"a\\\\b\\\"c\\nd}{,="))
        #expect(try Exposition(text.text).value("a", ["x": hostile, "y": ""]) == "1")
    }

    @Test(arguments: [
        ("http.server-requests", "http_server_requests"), ("", "_"), ("9lives", "_9lives"), ("a:b", "a:b"),
        ("é", "__"), ("a\nb 5\nc", "a_b_5_c"),
    ])
    func `turns names into names that are allowed`(name: String, expected: String) throws {
        var text = PrometheusText()
        text.gauge(name, help: "H.", labels: [("k\n\"" + name, "v")], 1)
        let page = try Exposition(text.text)
        #expect(page.types == [expected: "gauge"])
        #expect(page.samples.count == 1)
    }

    @Test func `makes one family of two spellings of a name`() throws {
        var text = PrometheusText()
        text.gauge("a.b", help: "H.", labels: [("x", "1")], 1)
        text.gauge("a_b", help: "H.", labels: [("x", "2")], 2)
        text.gauge("a-b", help: "H.", labels: [("x", "3")], 3)
        #expect(try Exposition(text.text).samples.map(\.value) == ["1", "2", "3"])
    }

    @Test func `leaves out samples of another type under the same name`() throws {
        var text = PrometheusText()
        text.gauge("a", help: "A.", 1)
        text.counter("a", help: "A.", 2)
        text.histogram("a", help: "A.", LatencyHistogram())
        #expect(text.text == "# HELP a A.\n# TYPE a gauge\na 1\n")
        #expect(text.rejectedSampleCount == 2)
    }

    @Test(
        arguments: [
            (0, "0"), (1.5, "1.5"), (-2, "-2"), (1e-5, "1e-05"), (1e21, "1e+21"), (.infinity, "+Inf"),
            (-.infinity, "-Inf"),
            (.nan, "NaN"), (1_700_000_000.25, "1700000000.25"), (9_007_199_254_740_991, "9007199254740991"),
        ] as [(Double, String)])
    func `writes numbers as Prometheus reads them`(value: Double, expected: String) throws {
        var text = PrometheusText()
        text.gauge("a", help: "", value)
        #expect(try Exposition(text.text).value("a") == expected)
    }

    @Test(arguments: [Int.min, -10, 0, 9, 10, 99, 100, Int.max])
    func `writes integers whole`(value: Int) throws {
        var text = PrometheusText()
        text.gauge("a", help: "", value)
        #expect(text.text == "# TYPE a gauge\na \(value)\n")
    }

    @Test func `writes histograms cumulated, with sum and count`() throws {
        var text = PrometheusText()
        text.histogram("size", help: "S.", labels: [("x", "y")], bounds: [1, 2.5], counts: [3, 0, 4], sum: 12.25)
        #expect(
            text.text == """
                # HELP size S.
                # TYPE size histogram
                size_bucket{x="y",le="1"} 3
                size_bucket{x="y",le="2.5"} 3
                size_bucket{x="y",le="+Inf"} 7
                size_sum{x="y"} 12.25
                size_count{x="y"} 7

                """)
        var plain = PrometheusText()
        plain.histogram("size", help: "S.", bounds: [1], counts: [1, 0], sum: 1)
        #expect(plain.text.contains("size_bucket{le=\"1\"} 1\n"))
        #expect(plain.text.contains("size_sum 1\n"))
    }

    @Test func `writes random names and values so that they can be read back`() throws {
        var generator = SystemRandomNumberGenerator()
        func text(_ length: Int) -> String {
            // Mostly the characters that mean something in the format.
            let special = Array("\\\"\n{},= #\t\r".utf8)
            let bytes = (0..<length).map { _ in
                Bool.random(using: &generator)
                    ? special.randomElement(using: &generator) ?? 0 : UInt8.random(in: 0...255, using: &generator)
            }
            return String(decoding: bytes, as: UTF8.self)
        }
        for _ in 0..<300 {
            let (name, label, value, help) = (text(5), text(4), text(20), text(20))
            var written = PrometheusText()
            written.gauge(name, help: help, labels: [(label, value)], 1)
            written.histogram(name + "h", help: help, labels: [(label, value)], LatencyHistogram())
            let page = try Exposition(written.text)
            #expect(page.samples.count == 1 + LatencyHistogram.bucketCount + 2)
            #expect(page.samples.allSatisfy { $0.labels.values.contains(value) }, "\(value.debugDescription)")
        }
    }
}
