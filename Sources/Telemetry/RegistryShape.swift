/// The kinds of handles that a registry makes; each is one type of metric on the page.
enum RegistryShape: Sendable {
    case counter, sum, gauge
    /// Lengths of time, in the buckets of `LatencyHistogram`; recorded in nanoseconds, written in seconds.
    case latencies
    /// Sizes and counts, in buckets up to 1, 4, 16, … 16,777,216.
    case sizes
}
