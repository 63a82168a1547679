/// How the session ids of legacy clients are sealed.
package struct SessionSettings: Hashable, Sendable {
    /// The secret from which the key is derived, 32…4,096 bytes, the same on all replicas; absent: one is made at start,
    /// and sessions end with the process.
    package var key: Secret?
    /// How long a session lives, whatever happens in it. 1m…720h.
    package var maximumAge: Duration

    package init(key: Secret? = nil, maximumAge: Duration = .seconds(86_400)) {
        self.key = key
        self.maximumAge = maximumAge
    }
}

extension SessionSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "key", \.key, .optional(.secret(32...4_096), from: .placeholder),
                """
                Seals session ids; the same on all replicas, at least 32 bytes. Absent: made at start, so sessions end \
                with the process.
                """
            ),
            ConfigurationKey(
                "max_age", \.maximumAge, .duration(.seconds(60) ... .seconds(2_592_000)),
                "How long a session lives, whatever happens in it."),
        ],
        finish: { sessions, places, reader in
            sessions.key?.checkVariety("key", at: places["key"], &reader)
        })
}
