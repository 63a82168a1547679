import Transport

/// How connections to the backends of a pool, or to Redis, are sealed. The certificates of these are always checked.
package struct ClientTLSSettings: Hashable, Sendable {
    /// Certificates of which one must have signed the server's; absent: those that the system trusts.
    package var certificateAuthority: CertificateFile?
    /// The certificate chain that the gateway shows if it is asked for one; absent: none.
    package var certificate: CertificateFile?
    /// The key of the first certificate of that chain, PEM.
    package var privateKey: Secret?
    /// The name for which a server's certificate must be valid; absent: the host of its URL.
    package var serverName: String?

    package init(
        certificateAuthority: CertificateFile? = nil, certificate: CertificateFile? = nil, privateKey: Secret? = nil,
        serverName: String? = nil
    ) {
        self.certificateAuthority = certificateAuthority
        self.certificate = certificate
        self.privateKey = privateKey
        self.serverName = serverName
    }

    /// Certificates and key, ready for use. Costs as much as some handshakes.
    ///
    /// - Throws: `TLSError` when they cannot be used, or do not belong to each other.
    func load() throws(TLSError) -> ClientTLS {
        let identity = certificate.flatMap { certificate in
            privateKey.map { TLSIdentity(chain: certificate.contents, key: $0.value) }
        }
        return try ClientTLS(
            authorities: certificateAuthority?.contents, identity: identity, serverName: serverName)
    }
}

extension ConfigurationReader {
    /// Complains where nothing is said of `tls` and there is nobody whom the system trusts.
    mutating func checkSystemTrust(at position: ConfigurationPosition) {
        do throws(TLSError) {
            _ = try ClientTLSSettings().load()
        } catch {
            problem("needs tls.certificate_authority: the system has no certificates that it trusts", at: position)
        }
    }
}

extension ClientTLSSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "certificate_authority", \.certificateAuthority, .optional(.certificates, from: .placeholder),
                "The file with the certificates of which one must have signed the server's, PEM. Absent: those that the "
                    + "system trusts."),
            ConfigurationKey(
                "certificate", \.certificate, .optional(.certificates, from: .placeholder),
                "The file with the certificate chain that the gateway shows if it is asked, PEM. Absent: none."),
            ConfigurationKey(
                "private_key", \.privateKey, .optional(.secret(1...65_536), from: .placeholder),
                "The private key of that certificate, PEM."),
            ConfigurationKey(
                "server_name", \.serverName, .optional(.word, from: ""),
                "The name for which a server's certificate must be valid. Absent: the host of its URL."),
        ],
        finish: { tls, places, reader in
            if let name = tls.serverName, EndpointURL.normalizedHost(name[...]) == nil || IPRange.bytes(of: name) != nil
            {
                reader.descend(to: "server_name") { $0.problem("must be a host name", at: places["server_name"]) }
                return
            }
            guard (tls.certificate == nil) == (tls.privateKey == nil) else {
                return reader.problem("needs certificate and private_key, or neither", at: places.section)
            }
            do throws(TLSError) {
                _ = try tls.load()
            } catch {
                reader.complain(
                    of: error,
                    at: [
                        .authorities: places["certificate_authority"], .certificate: places["certificate"],
                        .key: places["private_key"],
                    ])
            }
        })
}
