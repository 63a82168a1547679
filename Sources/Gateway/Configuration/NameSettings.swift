/// How the host names of backends are looked up.
package struct NameSettings: Hashable, Sendable {
    /// How long after an answer a name is looked up again. 1 s…60 s, spread by a tenth.
    package var interval: Duration

    package init(interval: Duration = .seconds(10)) {
        self.interval = interval
    }
}

extension NameSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "interval", \.interval, .duration(.seconds(1) ... .seconds(60)),
                "How long after an answer a name is looked up again.")
        ])
}
