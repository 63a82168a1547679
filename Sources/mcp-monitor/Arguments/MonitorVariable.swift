#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The environment variables that the monitor reads. A flag wins over its variable.
enum MonitorVariable: String, CaseIterable {
    case servers = "MCP_SERVERS"
    case serversFile = "MCP_SERVERS_FILE"
    case interval = "MONITOR_INTERVAL"
    case timeout = "MONITOR_TIMEOUT"
    case call = "MONITOR_CALL"
    case healthPath = "MONITOR_HEALTH_PATH"
    case bearer = "MONITOR_BEARER"
    case authorities = "MONITOR_CA"
    case listen = "MONITOR_LISTEN"
    case logLevel = "LOG_LEVEL"

    /// Those that are set and not empty.
    static var environment: [MonitorVariable: String] {
        var values: [MonitorVariable: String] = [:]
        for variable in allCases {
            guard let value = getenv(variable.rawValue), value.pointee != 0 else { continue }
            values[variable] = String(cString: value)
        }
        return values
    }
}
