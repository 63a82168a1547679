/// How a backend is picked for a call (reliability 1.7).
package enum BalancePolicy: String, Hashable, ConfigurationChoice {
    /// Smooth weighted round robin.
    case roundRobin = "round_robin"
    /// The less busy of two random ones.
    case leastRequest = "least_request"
    /// The faster of two random ones.
    case peakEWMA = "peak_ewma"
    /// The same one for the same key, with bounded load.
    case consistentHash = "consistent_hash"
    /// Any.
    case random
}
