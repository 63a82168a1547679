import ArgumentParser

/// The settings that have a value: by what names they are given, and what help says about them.
enum Setting: String, CaseIterable {
    case name, eras, environment, maximumRequestBytes, redis, cacheTimeToLive, delay, failRate, pageSize, logLevel,
        logFile,
        stateKey
    case listen, socketMode, port, workers, sessions, rateLimit

    /// Those that only matter where there are connections.
    static let ofHTTP: Set<Setting> = [.listen, .socketMode, .port, .workers, .sessions, .rateLimit]

    /// The name of the flag; `nil` where there is only a variable.
    var flag: String? {
        switch self {
        case .name: "name"
        case .eras: "protocol"
        case .environment: "environment"
        case .maximumRequestBytes: "max-request-size"
        case .redis: "redis"
        case .cacheTimeToLive: "cache-ttl"
        case .delay: "delay"
        case .failRate: "fail-rate"
        case .pageSize: "page-size"
        case .logLevel: "log-level"
        case .logFile: "log-file"
        case .listen: "listen"
        case .socketMode: "socket-mode"
        // Others can read the flags of a process, so a secret has none.
        case .port, .stateKey: nil
        case .workers: "workers"
        case .sessions: "sessions"
        case .rateLimit: "rate-limit"
        }
    }

    /// The name of the environment variable; `nil` where there is only a flag.
    var variable: String? {
        switch self {
        case .environment: "ENVIRONMENT"
        case .maximumRequestBytes: "MAX_REQUEST_SIZE"
        case .redis: "REDIS_URL"
        case .cacheTimeToLive: "CACHE_TTL"
        case .logLevel: "LOG_LEVEL"
        case .logFile: "LOG_FILE"
        case .stateKey: "STATE_KEY"
        case .port: "PORT"
        case .rateLimit: "RATE_LIMIT"
        case .name, .eras, .delay, .failRate, .pageSize, .listen, .socketMode, .workers, .sessions: nil
        }
    }

    /// The default, as a user would give it; `nil` where nothing is the default.
    var standard: String? {
        switch self {
        case .name: "mcp-tool-server"
        case .eras: "both"
        case .environment: "development"
        case .maximumRequestBytes: "1MiB"
        case .cacheTimeToLive: "300s"
        case .delay: "0s"
        case .failRate: "0%"
        case .pageSize: "1000"
        case .logLevel: "info"
        case .listen: ListenAddress.standard.description
        case .socketMode: FileMode.standard.description
        case .port: "9000"
        case .workers: "1"
        case .sessions: "on"
        case .rateLimit: "100"
        case .redis, .logFile, .stateKey: nil
        }
    }

    /// What help says, with variable and default.
    var help: ArgumentHelp {
        let (text, value) = description
        let variable = variable.map { "environment: \($0)" }
        let notes = [variable, standard.map { "default: \($0)" }].compactMap(\.self).joined(separator: "; ")
        return ArgumentHelp(notes.isEmpty ? "\(text)" : "\(text) (\(notes))", valueName: value)
    }

    /// A sentence, and what its value is called.
    var description: (text: String, value: String) {
        switch self {
        case .name: ("The name by which clients see this server.", "name")
        case .eras: ("Whose clients are served: those of sessions, those of 2026-07-28, or both.", "both|legacy|modern")
        case .environment: ("What health_check calls the deployment.", "name")
        case .maximumRequestBytes: ("The largest request body, such as 65536 or 64KiB; beyond: 413.", "size")
        case .redis:
            ("A Redis that keeps results of process_data, as in redis://:password@127.0.0.1:6379/0.", "url")
        case .cacheTimeToLive:
            ("How long a result of process_data is good, such as 300 or 5m; 0 computes all.", "duration")
        case .delay:
            ("Holds every result of a tool back for so long, such as 250ms, so that clients can be tried.", "duration")
        case .failRate:
            ("The share of tool calls that fail, such as 5% or 0.05, so that clients can be tried.", "share")
        case .pageSize: ("Entries of a list that go into one page, 1 to 1000.", "count")
        case .logLevel:
            ("The least level that is logged: trace, debug, info, notice, warning, error or critical.", "level")
        case .logFile: ("Where the log is appended to, instead of standard error; opened anew on SIGHUP.", "path")
        case .stateKey:
            (
                """
                A secret of 32 bytes or more, the same on all replicas, that seals what a call has asked its client; \
                without it a client must come back to the process that asked.
                """, "secret"
            )
        case .listen:
            ("Where to listen: HOST:PORT, where port 0 lets the system choose, or unix:PATH.", "address")
        case .socketMode:
            ("Who may connect to a unix-domain socket: the permissions of its file.", "octal")
        case .port: ("The port on 127.0.0.1.", "port")
        case .workers: ("Event loops that serve requests, 1 to 256.", "count")
        case .sessions: ("Whether clients of sessions get one, or every request stands alone.", "on|off")
        case .rateLimit:
            ("Requests a minute that a client may send, by its credential or its address; 0 lets all pass.", "count")
        }
    }
}
