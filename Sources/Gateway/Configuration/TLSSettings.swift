/// How a listener proves who it is.
package struct TLSSettings: Hashable, Sendable {
    /// The file with the certificate chain, PEM.
    package var certificate: String
    /// The key of the first certificate, PEM.
    package var privateKey: Secret

    package init(certificate: String, privateKey: Secret) {
        self.certificate = certificate
        self.privateKey = privateKey
    }
}

extension TLSSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { placeholder },
        [
            ConfigurationKey(
                "certificate", \.certificate, .filePath, "The file with the certificate chain, PEM.", isRequired: true),
            ConfigurationKey(
                "private_key", \.privateKey, .secret(1...65_536), "The private key, PEM.", isRequired: true),
        ])

    /// What reading begins with; never part of a configuration.
    static let placeholder = TLSSettings(certificate: "", privateKey: .placeholder)
}
