import ArgumentParser
import Logging
import Testing
import Wire

@testable import mcp_tool_server

struct ToolServerConfigurationTests {
    @Test func `has defaults, which are those that help names`() throws {
        let standard = ToolServerConfiguration()
        #expect(try ToolServerConfiguration(flags: [:], variables: [:]) == standard)
        for setting in Setting.allCases {
            guard let text = setting.standard else { continue }
            // Said as a flag or, without one, as a variable, the default changes nothing.
            let flags = setting.flag == nil ? [:] : [setting: text]
            let variables = setting.variable.map { [$0: text] } ?? [:]
            #expect(try ToolServerConfiguration(flags: flags) == standard, "\(setting)")
            #expect(try ToolServerConfiguration(variables: variables) == standard, "\(setting)")
        }
        #expect(standard.rateLimit == 100)
        #expect(standard.cacheTimeToLive == .seconds(300))
        #expect(standard.maximumRequestBytes == 1_048_576)
        #expect(standard.redis == nil)
        #expect(standard.logFile == nil)
    }

    /// A value for each setting, and what it changes.
    private static let rows: [(Setting, String, @Sendable (ToolServerConfiguration) -> Bool)] = [
        (.name, "server-1", { $0.name == "server-1" }),
        (.eras, "legacy", { $0.eras == [.legacy] }), (.eras, "modern", { $0.eras == [.modern] }),
        (.eras, "both", { $0.eras == [.legacy, .modern] }),
        (.environment, "production", { $0.environment == "production" }),
        (.maximumRequestBytes, "65536", { $0.maximumRequestBytes == 65_536 }),
        (.maximumRequestBytes, "64KiB", { $0.maximumRequestBytes == 65_536 }),
        (.maximumRequestBytes, "2MiB", { $0.maximumRequestBytes == 2_097_152 }),
        (.maximumRequestBytes, "1GiB", { $0.maximumRequestBytes == 1_073_741_824 }),
        (.maximumRequestBytes, "100B", { $0.maximumRequestBytes == 100 }),
        (.redis, "", { $0.redis == nil }),
        (.redis, "redis://cache:6380/2", { $0.redis?.description == "redis://cache:6380/2" }),
        (.cacheTimeToLive, "0", { $0.cacheTimeToLive == .zero }),
        (.cacheTimeToLive, "90", { $0.cacheTimeToLive == .seconds(90) }),
        (.cacheTimeToLive, "5m", { $0.cacheTimeToLive == .seconds(300) }),
        (.cacheTimeToLive, "720h", { $0.cacheTimeToLive == .seconds(2_592_000) }),
        (.delay, "250ms", { $0.faults.delay == .milliseconds(250) }),
        (.delay, "1h", { $0.faults.delay == .seconds(3_600) }),
        (.failRate, "5%", { $0.faults.failRate == 0.05 }), (.failRate, "0.5", { $0.faults.failRate == 0.5 }),
        (.pageSize, "7", { $0.pageSize == 7 }), (.failRate, "100%", { $0.faults.failRate == 1 }),
        (.failRate, "1", { $0.faults.failRate == 1 }),
        (.logLevel, "DEBUG", { $0.logLevel == .debug }), (.logLevel, "warning", { $0.logLevel == .warning }),
        (.logFile, "/var/log/a b.log", { $0.logFile == "/var/log/a b.log" }), (.logFile, "", { $0.logFile == nil }),
        (.stateKey, String(repeating: "k", count: 32), { $0.stateKey?.count == 32 }),
        (.listen, "0.0.0.0:80", { $0.listen == ListenAddress.tcp(host: "0.0.0.0", port: 80) }),
        (.listen, "unix:/run/a.sock", { $0.listen == .unix(path: "/run/a.sock") }),
        (.socketMode, "0660", { $0.socketMode.bits == 0o660 }),
        (.port, "8000", { $0.listen == ListenAddress.tcp(host: "127.0.0.1", port: 8_000) }),
        (.port, "0", { $0.listen == ListenAddress.tcp(host: "127.0.0.1", port: 0) }),
        (.workers, "256", { $0.workers == 256 }), (.sessions, "off", { !$0.hasSessions }),
        (.rateLimit, "0", { $0.rateLimit == 0 }), (.rateLimit, "1000000", { $0.rateLimit == 1_000_000 }),
    ]

    @Test(arguments: rows.indices) func `takes a value from flag and variable`(_ index: Int) throws {
        let (setting, text, isTaken) = ToolServerConfigurationTests.rows[index]
        if setting.flag != nil {
            #expect(isTaken(try ToolServerConfiguration(flags: [setting: text])), "\(setting) \(text)")
        }
        if let variable = setting.variable {
            #expect(isTaken(try ToolServerConfiguration(variables: [variable: text])), "\(variable)=\(text)")
        }
    }

    @Test(arguments: [
        (Setting.name, ["", "a\nb", String(repeating: "x", count: 129)]),
        (.eras, ["", "old", "Legacy"]),
        (.environment, ["", "a b", "é", "a\n", String(repeating: "x", count: 65)]),
        (
            .maximumRequestBytes,
            ["", "0", "-1", "1.5", "1MB", "1 MiB", "1mib", "99999999999999999999", "1073741825", " 1", "2GiB", "KiB"]
        ),
        (.cacheTimeToLive, ["", "-1", "5 m", "1d", "2592001", "721h", "ms", "99999999999999999h"]),
        (.delay, ["", "1.5s", "3601", "61m"]),
        (.pageSize, ["", "0", "1001", "x"]),
        (.failRate, ["", "%", "-1", "1.1", "101%", "nan", "inf", "1e-2", "0x1p-3", "."]),
        (.logLevel, ["", "loud", "inf"]), (.logFile, ["a\0b"]),
        (.stateKey, ["", String(repeating: "x", count: 31)]),
        (.listen, ["", "9000", ":9000", "localhost", "::1:80", "localhost:65536"]),
        (.socketMode, ["", "66", "888", "rw"]), (.port, ["", "65536", "-1", "+1", "http", "127.0.0.1:80"]),
        (.workers, ["0", "257", "two"]),
        (.sessions, ["", "yes"]), (.rateLimit, ["", "-1", "1000001", "100/min"]),
        (
            .redis,
            [
                "localhost", "http://localhost", "redis://", "redis://:0", "redis://h:0", "redis://h:x",
                "redis://h:65536",
                "redis://h/x", "redis://h/1/2", "redis://user@h", "redis://:a%2@h", "redis://:%ff@h", "redis://h/-1",
            ]
        ),
    ])
    func `refuses what is no value, and says which setting it was`(_ setting: Setting, _ texts: [String]) {
        for text in texts {
            if let flag = setting.flag {
                let error = #expect(throws: ConfigurationComplaints.self) {
                    try ToolServerConfiguration(flags: [setting: text])
                }
                #expect(error?.all.map(\.source) == [.flag(flag)], "\(text)")
                #expect(error?.exitCode == .validationFailure)
            }
            if let variable = setting.variable {
                // These two may be there and empty, as compose files have them.
                let error = #expect(throws: ConfigurationComplaints.self) {
                    try ToolServerConfiguration(variables: [variable: text])
                }
                #expect(error?.all.map(\.source) == [.variable(variable)], "\(text)")
                #expect(error?.exitCode == .badConfiguration)
            }
        }
    }

    @Test func `says everything that is wrong, not the first thing only`() throws {
        let error = #expect(throws: ConfigurationComplaints.self) {
            try ToolServerConfiguration(
                flags: [.delay: "long", .workers: "0"],
                variables: ["RATE_LIMIT": "many", "LOG_LEVEL": "loud", "PORT": "99999"])
        }
        let sources = try #require(error).all.map { $0.description.prefix { $0 != " " } }
        #expect(Set(sources) == ["--delay", "--workers", "RATE_LIMIT", "LOG_LEVEL", "PORT"])
        #expect(error?.exitCode == .validationFailure)
    }

    @Test func `serves a unix-domain socket from one loop`() throws {
        let error = #expect(throws: ConfigurationComplaints.self) {
            try ToolServerConfiguration(flags: [.listen: "unix:/run/a.sock", .workers: "2"])
        }
        #expect(error?.all.map(\.source) == [.flag("workers")])
        #expect(try ToolServerConfiguration(flags: [.listen: "unix:/run/a.sock", .workers: "1"]).workers == 1)
    }

    @Test func `lets flags win`() throws {
        let flags: [Setting: String] = [.rateLimit: "7", .listen: "[::1]:1", .redis: ""]
        let variables = ["RATE_LIMIT": "nonsense", "PORT": "8000", "REDIS_URL": "redis://cache"]
        let configuration = try ToolServerConfiguration(flags: flags, variables: variables)
        #expect(configuration.rateLimit == 7)
        #expect(configuration.listen == ListenAddress.tcp(host: "::1", port: 1))
        #expect(configuration.redis == nil)
    }

    @Test func `does not look at settings that do not matter`() throws {
        let settings = Set(Setting.allCases).subtracting(Setting.ofHTTP)
        let variables = ["PORT": "nonsense", "RATE_LIMIT": "nonsense", "ENVIRONMENT": "test"]
        #expect(try ToolServerConfiguration(variables: variables, of: settings).environment == "test")
    }

    @Test func `never repeats a password`() throws {
        let configuration = try ToolServerConfiguration(variables: ["REDIS_URL": "redis://me:hunter2@cache/1"])
        #expect(!"\(configuration)".contains("hunter2"))
        for text in ["redis://me:hunter2@", "redis://me:hunter2@h:x", "http://me:hunter2@h", "redis://hunter2%@h"] {
            let error = #expect(throws: ConfigurationComplaints.self) {
                try ToolServerConfiguration(variables: ["REDIS_URL": text])
            }
            #expect(error?.all.description.contains("hunter2") == false)
        }
    }

    @Test func `explains every setting`() {
        for setting in Setting.allCases {
            let entry = Setting.table
            if let flag = setting.flag { #expect(entry.contains("--\(flag) <")) }
            if let variable = setting.variable { #expect(entry.contains(variable)) }
            if let standard = setting.standard { #expect(entry.contains("(default: \(standard))")) }
        }
        for line in Setting.table.split(separator: "\n") { #expect(line.count <= 80) }
    }
}
