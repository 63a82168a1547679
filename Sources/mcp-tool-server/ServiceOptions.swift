import ArgumentParser

/// What the server offers, however it is reached.
struct ServiceOptions: ParsableArguments {
    @Option(help: Setting.name.help) var name: String?
    @Option(name: .customLong("protocol"), help: Setting.eras.help) var eras: String?
    @Option(help: Setting.redis.help) var redis: String?
    @Option(name: .customLong("cache-ttl"), help: Setting.cacheTimeToLive.help) var cacheTimeToLive: String?
    @Option(name: .customLong("max-request-size"), help: Setting.maximumRequestBytes.help) var maximumRequestBytes:
        String?
    @Option(help: Setting.environment.help) var environment: String?
    @Option(help: Setting.logLevel.help) var logLevel: String?
    @Option(help: Setting.logFile.help) var logFile: String?
    @Option(help: Setting.delay.help) var delay: String?
    @Option(help: Setting.failRate.help) var failRate: String?
    @Option(name: .customLong("page-size"), help: Setting.pageSize.help) var pageSize: String?

    @Flag(help: "Offer a specimen of everything besides, so that clients and conformance suites can be tried.")
    var everything = false

    /// What was given, by setting.
    var values: [Setting: String] {
        let given: [Setting: String?] = [
            .name: name, .eras: eras, .redis: redis, .cacheTimeToLive: cacheTimeToLive,
            .maximumRequestBytes: maximumRequestBytes, .environment: environment, .logLevel: logLevel,
            .logFile: logFile, .delay: delay, .failRate: failRate, .pageSize: pageSize,
        ]
        return given.compactMapValues(\.self)
    }

    /// The configuration that flags and environment make. Wrong values end the process with a sentence about each.
    ///
    /// - Parameter http: what was given of the settings of HTTP; `nil` where these do not matter.
    func configuration(http: [Setting: String]? = nil) throws -> ToolServerConfiguration {
        do throws(ConfigurationComplaints) {
            return try readConfiguration(http: http)
        } catch {
            for complaint in error.all { Process.complain("\(complaint)") }
            throw error.exitCode
        }
    }

    /// The same for those who have somebody to tell.
    func readConfiguration(
        http: [Setting: String]? = nil
    ) throws(ConfigurationComplaints) -> ToolServerConfiguration {
        let settings = http == nil ? Set(Setting.allCases).subtracting(Setting.ofHTTP) : Set(Setting.allCases)
        return try ToolServerConfiguration(
            flags: values.merging(http ?? [:]) { $1 }, variables: Process.environment, of: settings)
    }
}
