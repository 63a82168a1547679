import Redis

/// How connections to Redis are sealed. The server's certificate is always checked.
package struct RedisTLSSettings: Hashable, Sendable {
    /// The file with the certificates of which one must have signed the server's, PEM; absent: those that the system trusts.
    package var certificateAuthority: String?
    /// The file with the certificate chain that the gateway shows, PEM; absent: none.
    package var certificate: String?
    /// The key of the first certificate of that chain, PEM.
    package var privateKey: Secret?
    /// The name for which the server's certificate must be valid; absent: the host of the URL.
    package var serverName: String?

    package init(
        certificateAuthority: String? = nil, certificate: String? = nil, privateKey: Secret? = nil,
        serverName: String? = nil
    ) {
        self.certificateAuthority = certificateAuthority
        self.certificate = certificate
        self.privateKey = privateKey
        self.serverName = serverName
    }
}

extension RedisTLSSettings {
    /// The keys.
    static let section = ConfigurationSection<Self>(
        { Self() },
        [
            ConfigurationKey(
                "certificate_authority", \.certificateAuthority, .optional(.filePath, from: ""),
                "The file with the certificates of which one must have signed the server's, PEM. Absent: those that the "
                    + "system trusts."),
            ConfigurationKey(
                "certificate", \.certificate, .optional(.filePath, from: ""),
                "The file with the certificate chain that the gateway shows, PEM. Absent: none."),
            ConfigurationKey(
                "private_key", \.privateKey, .optional(.secret(1...65_536), from: .placeholder),
                "The private key of that certificate, PEM."),
            ConfigurationKey(
                "server_name", \.serverName, .optional(.word, from: ""),
                "The name for which the server's certificate must be valid. Absent: the host of the URL."),
        ])

    /// The same, as the client wants it.
    var redisTLS: RedisTLS {
        RedisTLS(
            authorityFile: certificateAuthority, certificateFile: certificate, key: privateKey?.value,
            serverName: serverName)
    }

    /// Complains if nothing is sealed, or if that cannot be done with these files.
    func check(isInUse: Bool, at position: ConfigurationPosition, _ reader: inout ConfigurationReader) {
        reader.descend(to: "tls") { reader in
            guard isInUse else { return reader.problem("needs a URL that begins with rediss://", at: position) }
            if let serverName, EndpointURL.normalizedHost(serverName[...]) == nil || IPRange(serverName) != nil {
                return reader.problem("needs a host name as server_name", at: position)
            }
            guard (certificate == nil) == (privateKey == nil) else {
                return reader.problem("needs certificate and private_key, or neither", at: position)
            }
            do throws(RedisTLSError) {
                try redisTLS.check()
            } catch {
                reader.descend(to: RedisTLSSettings.key(of: error)) {
                    $0.problem("cannot be used: \(error.reason)", at: position)
                }
            }
        }
    }

    /// The key in the file with which something is wrong.
    private static func key(of error: RedisTLSError) -> String {
        switch error.key {
        case "authority_file": "certificate_authority"
        case "key_file": "private_key"
        default: "certificate"
        }
    }
}
