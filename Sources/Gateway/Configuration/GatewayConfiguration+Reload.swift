extension GatewayConfiguration {
    /// What of this configuration can take effect in a process that was started with `other`: the rest stays as it is
    /// there. `ConfigurationMeaning` names the same keys.
    func inEffect(sinceStartWith other: GatewayConfiguration) -> GatewayConfiguration {
        var result = self
        result.admin = other.admin
        result.workers = other.workers
        result.limits.maximumConnections = other.limits.maximumConnections
        result.redis = other.redis
        // Its connections come and go, and each takes what there is then; if it is still the one that is meant.
        if var meant = redis, meant.url.usesTLS {
            meant.tls = other.redis?.tls
            if meant == other.redis { result.redis?.tls = redis?.tls }
        }
        let logsAccess = log.logsAccess
        result.log = other.log
        result.log.logsAccess = logsAccess
        return result
    }
}
