extension RunningGateway {
    /// Waits until `gateways` share what they keep, and have made void whatever may have changed before they listened.
    static func settle(_ gateways: [RunningGateway]) async throws {
        var last = -1.0
        var since = ContinuousClock.now
        try await eventually("the gateways share what they keep") {
            var count = 0.0
            for gateway in gateways {
                let metrics = try await gateway.metrics()
                guard metrics("mcp_gateway_cache_sharing") == 1,
                    metrics("mcp_gateway_cache_listeners", ["state": "connecting"]) == 0
                else { return false }
                count += metrics("mcp_gateway_cache_invalidations_total")
            }
            if count != last {
                last = count
                since = ContinuousClock.now
            }
            // Longer than the others may take to follow.
            return ContinuousClock.now - since > .milliseconds(700)
        }
    }
}
