/// What a pool shows its backends. A client's own token never goes there.
package struct CredentialSettings: Hashable, Sendable {
    /// Sent as `Authorization: Bearer …`; absent: nothing is sent.
    package var bearer: Secret?

    package init(bearer: Secret? = nil) {
        self.bearer = bearer
    }
}

extension CredentialSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "bearer", \.bearer, .optional(.secret(1...8_192), from: .placeholder),
                "Sent to the backends as `Authorization: Bearer`.")
        ])
}
