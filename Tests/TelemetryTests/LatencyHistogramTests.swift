import Testing

@testable import Telemetry

@Suite struct `Latency histogram` {
    @Test func `reaches from 100 microseconds to a minute`() {
        let bounds = LatencyHistogram.boundsInSeconds
        #expect(bounds.count == LatencyHistogram.bucketCount - 1)
        #expect(bounds.first == 0.0001)
        #expect(bounds.last == 60)
        #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func `counts each length in the first bucket that reaches it`() {
        for (index, bound) in LatencyHistogram.boundsInSeconds.enumerated() {
            let nanoseconds = Int64((bound * 1e9).rounded())
            #expect(LatencyHistogram.bucket(of: nanoseconds) == index)
            #expect(LatencyHistogram.bucket(of: nanoseconds + 1) == index + 1)
        }
        #expect(LatencyHistogram.bucket(of: 0) == 0)
        #expect(LatencyHistogram.bucket(of: .min) == 0)
        #expect(LatencyHistogram.bucket(of: .max) == LatencyHistogram.bucketCount - 1)
    }

    @Test func `sums and counts what was recorded`() {
        var histogram = LatencyHistogram()
        for nanoseconds in [-5, 0, 100_000, 100_001, 3_000_000_000, 100_000_000_000] as [Int64] {
            histogram.record(nanoseconds: nanoseconds)
        }
        #expect(histogram.count == 6)
        #expect(histogram.sumNanoseconds == 103_000_200_001)
        #expect(histogram.counts[0] == 3)
        #expect(histogram.counts[1] == 1)
        #expect(histogram.counts[18] == 1)
        #expect(histogram.counts.reduce(0, +) == 6)
    }

    @Test func `does not stop at absurd lengths`() {
        var histogram = LatencyHistogram()
        for _ in 0..<10 {
            histogram.record(nanoseconds: .max)
            histogram.record(nanoseconds: .min)
        }
        #expect(histogram.count == 20)
    }

    @Test func `merges as if one had recorded everything`() throws {
        var parts = [LatencyHistogram](repeating: LatencyHistogram(), count: 3)
        var whole = LatencyHistogram()
        for step in 0..<1_000 {
            let nanoseconds = Int64(step) * 77_777_777
            parts[step % 3].record(nanoseconds: nanoseconds)
            whole.record(nanoseconds: nanoseconds)
        }
        var merged = LatencyHistogram()
        for part in parts { merged.merge(part) }
        #expect(merged.counts == whole.counts)
        #expect(merged.sumNanoseconds == whole.sumNanoseconds)
    }

    @Test func `is written with bounds in seconds and cumulated counts`() throws {
        var histogram = LatencyHistogram()
        histogram.record(nanoseconds: 90_000)
        histogram.record(nanoseconds: 300_000)
        histogram.record(nanoseconds: 90_000_000_000)
        var text = PrometheusText()
        text.histogram("d_seconds", help: "D.", histogram)
        let page = try Exposition(text.text)
        #expect(page.value("d_seconds_bucket", ["le": "0.0001"]) == "1")
        #expect(page.value("d_seconds_bucket", ["le": "0.00025"]) == "1")
        #expect(page.value("d_seconds_bucket", ["le": "0.0005"]) == "2")
        #expect(page.value("d_seconds_bucket", ["le": "60"]) == "2")
        #expect(page.value("d_seconds_bucket", ["le": "+Inf"]) == "3")
        #expect(page.value("d_seconds_count") == "3")
        #expect(page.value("d_seconds_sum").flatMap(Double.init) == 90.00039)
    }
}
