package import Redis

/// The Sentinels that know where the master is.
package struct RedisSentinelSettings: Hashable, Sendable {
    /// The name that the master has among them.
    package var master: String
    /// Where there are more of them than the one of the URL.
    package var others: [RedisAddress]
    /// As whom they are asked; absent: the default user.
    package var user: String?
    /// The password for that; absent: none is given.
    package var password: Secret?

    package init(master: String, others: [RedisAddress] = [], user: String? = nil, password: Secret? = nil) {
        self.master = master
        self.others = others
        self.user = user
        self.password = password
    }
}

extension RedisSentinelSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { placeholder },
        [
            ConfigurationKey(
                "master", \.master, .word, "The name that the master has among the Sentinels.", isRequired: true),
            ConfigurationKey("others", \.others, .redisAddresses, "Where more of the Sentinels are."),
            ConfigurationKey(
                "user", \.user, .optional(.word, from: ""), "As whom they are asked. Absent: the default user."),
            ConfigurationKey(
                "password", \.password, .optional(.secret(1...4_096), from: .placeholder),
                "The password for that. Absent: none is given."),
        ],
        finish: { sentinel, places, reader in
            if sentinel.user != nil, sentinel.password == nil {
                reader.descend(to: "user") { $0.problem("needs a password", at: places["user"]) }
            }
            sentinel.password?.checkText("password", at: places["password"], &reader)
        })

    /// What reading begins with; never part of a configuration.
    static let placeholder = RedisSentinelSettings(master: "")
}
