extension GatewayConfiguration {
    /// What of this configuration can take effect in a process that was started with `other`: the rest stays as it is
    /// there. `ConfigurationMeaning` names the same keys.
    func inEffect(sinceStartWith other: GatewayConfiguration) -> GatewayConfiguration {
        var result = self
        result.admin = other.admin
        result.workers = other.workers
        result.limits.maximumConnections = other.limits.maximumConnections
        result.redis = other.redis
        let logsAccess = log.logsAccess
        result.log = other.log
        result.log.logsAccess = logsAccess
        return result
    }
}
