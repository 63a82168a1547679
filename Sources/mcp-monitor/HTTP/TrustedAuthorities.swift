import NIOSSL

/// Whose certificates are believed.
enum TrustedAuthorities {
    /// What seals connections: TLS 1.2 or later, the server's certificate checked against the system's authorities and
    /// those of `file`. Where the system has none, as in an empty container, only those of the file are believed.
    ///
    /// - Throws: `FileComplaint` when the file cannot be used.
    static func context(with file: String?) throws(FileComplaint) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        let certificates = try file.map(read) ?? []
        configuration.additionalTrustRoots = [.certificates(certificates)]
        if let context = try? NIOSSLContext(configuration: configuration) { return context }
        configuration.additionalTrustRoots = []
        configuration.trustRoots = .certificates(certificates)
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw FileComplaint(reason: "its certificates cannot be used: \(error)")
        }
    }

    private static func read(_ file: String) throws(FileComplaint) -> [NIOSSLCertificate] {
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(file)
            if !certificates.isEmpty { return certificates }
        } catch {
            throw FileComplaint(reason: "its certificates cannot be read: \(error)")
        }
        throw FileComplaint(reason: "no certificate is in it")
    }
}
