import Logging
import Redis
import Wire

/// What the tool server is told at its start, checked once.
///
/// The memberwise values are the defaults; `Setting` says how each is given.
struct ToolServerConfiguration: Equatable, Sendable {
    /// The name by which clients see this server: 1 to 128 bytes without controls.
    var name = "mcp-tool-server"
    /// Whose clients are served; one or both.
    var eras: Set<MCPEra> = [.legacy, .modern]
    /// What the deployment is called: 1 to 64 printable ASCII characters.
    var environment = "development"
    /// Bytes of a request body, 1 to 1 GiB.
    var maximumRequestBytes = 1_048_576
    /// The Redis that keeps results; `nil` for none.
    var redis: RedisURL?
    /// How long a result of `process_data` is good, 0 (no cache) to 30 days.
    var cacheTimeToLive = Duration.seconds(300)
    /// What is done to answers, for tests: a delay of 0 to 1 hour, a share of failures of 0 to 1.
    var faults = Faults()
    /// Entries of a list that go into one page, 1 to 1,000.
    var pageSize = 1_000
    /// The least level that is logged.
    var logLevel = Logger.Level.info
    /// The file that the log is appended to; `nil` for standard error.
    var logFile: String?
    /// What seals the state of calls that ask their clients something, 32 bytes or more; `nil` for a key of this process.
    var stateKey: [UInt8]?
    /// Where to listen.
    var listen = ListenAddress.standard
    /// The permissions of the file of a unix-domain socket.
    var socketMode = FileMode.standard
    /// Event loops that serve requests, 1 to 256.
    var workers = 1
    /// Whether legacy clients get sessions.
    var hasSessions = true
    /// Requests a minute for each client, 1 to 1,000,000; 0 for no limit.
    var rateLimit = 100

    /// The defaults.
    init() {}

    /// What flags and environment variables say of `settings`; a flag wins over the variable of the same setting, which is
    /// not even looked at then.
    ///
    /// - Throws: everything that is wrong, not only the first.
    init(
        flags: [Setting: String] = [:], variables: [String: String] = [:],
        of settings: Set<Setting> = Set(Setting.allCases)
    ) throws(ConfigurationComplaints) {
        var complaints = ConfigurationComplaints()
        // `port` comes behind `listen` and is not looked at when that is given.
        for setting in Setting.allCases where settings.contains(setting) {
            if setting == .port, flags[.listen] != nil { continue }
            let given: ConfigurationComplaints.Source
            let text: String
            if let flag = setting.flag, let value = flags[setting] {
                (given, text) = (.flag(flag), value)
            } else if let variable = setting.variable, let value = variables[variable] {
                (given, text) = (.variable(variable), value)
            } else {
                continue
            }
            do throws(SettingError) {
                try take(setting, text)
            } catch {
                complaints.all.append(.init(source: given, reason: error.reason))
            }
        }
        if case .unix = listen, workers > 1 {
            complaints.all.append(
                .init(source: .flag("workers"), reason: "must be 1 with a unix-domain socket, which one loop has"))
        }
        if !complaints.all.isEmpty { throw complaints }
    }

    private static func redis(_ text: String) throws(SettingError) -> RedisURL? {
        if text.isEmpty { return nil }
        do throws(RedisURLError) {
            return try RedisURL(text)
        } catch {
            // Shows neither user nor password.
            throw SettingError("names no Redis: \(error)")
        }
    }

    private mutating func take(_ setting: Setting, _ text: String) throws(SettingError) {
        switch setting {
        case .name:
            guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw SettingError("must have 1 to 128 bytes and no control characters")
            }
            name = text
        case .eras:
            eras = try SettingValue.choice(
                text, ["both": [.legacy, .modern], "legacy": [.legacy], "modern": [.modern]])
        case .environment:
            guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw SettingError("must have 1 to 64 printable ASCII characters and no spaces")
            }
            environment = text
        case .maximumRequestBytes:
            maximumRequestBytes = try SettingValue.size(text, in: 1...1_073_741_824)
        case .redis:
            redis = try ToolServerConfiguration.redis(text)
        case .cacheTimeToLive:
            cacheTimeToLive = try SettingValue.duration(text, upTo: .seconds(2_592_000))
        case .delay:
            faults.delay = try SettingValue.duration(text, upTo: .seconds(3_600))
        case .failRate:
            faults.failRate = try SettingValue.share(text)
        case .pageSize:
            pageSize = try SettingValue.count(text, in: 1...1_000)
        case .logLevel:
            let levels = Logger.Level.allCases.map { ($0.rawValue, $0) }
            logLevel = try SettingValue.choice(text.lowercased(), .init(uniqueKeysWithValues: levels))
        case .logFile:
            guard !text.utf8.contains(0) else { throw SettingError("must not contain NUL") }
            logFile = text.isEmpty ? nil : text
        case .stateKey:
            guard text.utf8.count >= 32 else { throw SettingError("must have 32 bytes or more") }
            stateKey = Array(text.utf8)
        case .listen:
            guard let address = ListenAddress(argument: text) else {
                throw SettingError(
                    "must be host:port or unix:path, such as 127.0.0.1:9000 or unix:/run/mcp.sock, is \"\(text)\"")
            }
            listen = address
        case .socketMode:
            guard let mode = FileMode(argument: text) else {
                throw SettingError("must be three octal digits, such as 660, is \"\(text)\"")
            }
            socketMode = mode
        case .port:
            listen = .tcp(host: "127.0.0.1", port: try SettingValue.count(text, in: 0...65_535))
        case .workers:
            workers = try SettingValue.count(text, in: 1...256)
        case .sessions:
            hasSessions = try SettingValue.choice(text, ["on": true, "off": false])
        case .rateLimit:
            rateLimit = try SettingValue.count(text, in: 0...1_000_000)
        }
    }
}
