import Transport

/// How a listener proves who it is.
package struct TLSSettings: Hashable, Sendable {
    /// The certificate chain, the own certificate first.
    package var certificate: CertificateFile
    /// The key of the first certificate, PEM.
    package var privateKey: Secret

    package init(certificate: CertificateFile, privateKey: Secret) {
        self.certificate = certificate
        self.privateKey = privateKey
    }

    /// Certificate and key, ready for use. Costs as much as some handshakes.
    ///
    /// - Throws: `TLSError` when they cannot be used, or do not belong to each other.
    func load() throws(TLSError) -> ListenerTLS.Certificate {
        try ListenerTLS.Certificate(TLSIdentity(chain: certificate.contents, key: privateKey.value))
    }
}

extension TLSSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { placeholder },
        [
            ConfigurationKey(
                "certificate", \.certificate, .certificates,
                "The file with the certificate chain, the own certificate first, PEM.", isRequired: true),
            ConfigurationKey(
                "private_key", \.privateKey, .secret(1...65_536), "The private key, PEM.", isRequired: true),
        ],
        finish: { tls, places, reader in
            do throws(TLSError) {
                _ = try tls.load()
                guard let expiry = tls.certificate.expiry, expiry < reader.environment.now() else { return }
                reader.descend(to: "certificate") {
                    $0.warning("has expired: clients will not accept it", at: places["certificate"])
                }
            } catch {
                reader.complain(of: error, at: [.certificate: places["certificate"], .key: places["private_key"]])
            }
        })

    /// What reading begins with; never part of a configuration.
    static let placeholder = TLSSettings(certificate: .placeholder, privateKey: .placeholder)
}

extension ConfigurationReader {
    /// Complains about a file of a group `tls`.
    mutating func complain(of error: TLSError, at positions: [TLSError.Part: ConfigurationPosition]) {
        let key =
            switch error.part {
            case .authorities: "certificate_authority"
            case .certificate: "certificate"
            case .key: "private_key"
            }
        guard let position = positions[error.part] else { return }
        descend(to: key) { $0.problem("cannot be used: \(error.reason)", at: position) }
    }
}
