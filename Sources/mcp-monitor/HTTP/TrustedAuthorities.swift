import NIOSSL

/// Whose certificates are believed.
enum TrustedAuthorities {
    /// What seals connections: TLS 1.2 or later, the server's certificate checked against the system's authorities and
    /// those of `file`.
    ///
    /// - Throws: `FileComplaint` when the file cannot be used.
    static func context(with file: String?) throws(FileComplaint) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            if let file {
                let certificates = try NIOSSLCertificate.fromPEMFile(file)
                guard !certificates.isEmpty else { throw FileComplaint(reason: "no certificate is in it") }
                configuration.additionalTrustRoots = [.certificates(certificates)]
            }
            return try NIOSSLContext(configuration: configuration)
        } catch let complaint as FileComplaint {
            throw complaint
        } catch {
            throw FileComplaint(reason: "its certificates cannot be used: \(error)")
        }
    }
}
