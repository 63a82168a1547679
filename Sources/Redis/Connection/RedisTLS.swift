import NIOSSL

/// How connections of `rediss://` are sealed. The server's certificate is always checked.
package struct RedisTLS: Hashable, Sendable {
    /// A file of certificates in PEM, one of which must have signed the server's; `nil`: those that the system trusts.
    package var authorityFile: String?
    /// A file with the certificate that we show, in PEM, its issuers behind it; `nil`: none.
    package var certificateFile: String?
    /// A file with its private key, in PEM.
    package var keyFile: String?
    /// The key itself, in PEM; takes the place of `keyFile`.
    package var key: [UInt8]?
    /// The name for which the server's certificate must be valid; `nil`: the host of the URL.
    package var serverName: String?

    /// TLS; what is not given has its default.
    package init(
        authorityFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil, key: [UInt8]? = nil,
        serverName: String? = nil
    ) {
        self.authorityFile = authorityFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.key = key
        self.serverName = serverName
    }

    /// Reads the files and forgets them again.
    ///
    /// - Throws: `RedisTLSError`, which says what is wrong with which of them.
    package func check() throws(RedisTLSError) {
        _ = try makeContext()
    }

    /// Reads the files.
    ///
    /// - Throws: `RedisTLSError`, which says what is wrong with which of them.
    func makeContext() throws(RedisTLSError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let authorityFile {
            let certificates = try read(authorityFile, "authority_file") {
                try NIOSSLCertificate.fromPEMFile(authorityFile)
            }
            guard !certificates.isEmpty else {
                throw RedisTLSError(key: "authority_file", file: authorityFile, reason: "no certificate is in it")
            }
            configuration.trustRoots = .certificates(certificates)
        }
        guard (certificateFile == nil) == (keyFile == nil && key == nil) else {
            throw RedisTLSError(
                key: certificateFile == nil ? "key_file" : "certificate_file", file: certificateFile ?? keyFile ?? "",
                reason: "a certificate needs its key, and a key its certificate")
        }
        if let certificateFile {
            let chain = try read(certificateFile, "certificate_file") {
                try NIOSSLCertificate.fromPEMFile(certificateFile)
            }
            configuration.certificateChain = chain.map { .certificate($0) }
            let privateKey = try read(key == nil ? keyFile ?? "" : "", "key_file") {
                if let key { return try NIOSSLPrivateKey(bytes: key, format: .pem) }
                return try NIOSSLPrivateKey(file: keyFile ?? "", format: .pem)
            }
            configuration.privateKey = .privateKey(privateKey)
        }
        return try read(certificateFile ?? "", "certificate_file") { try NIOSSLContext(configuration: configuration) }
    }

    private func read<Value>(_ file: String, _ key: String, _ body: () throws -> Value) throws(RedisTLSError) -> Value {
        do {
            return try body()
        } catch {
            throw RedisTLSError(key: key, file: file, reason: "\(error)")
        }
    }
}

extension RedisTLS: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The files; not the key itself.
    package var description: String {
        "authority \(authorityFile ?? "of the system"), certificate \(certificateFile ?? "none")"
            + (serverName.map { ", for \($0)" } ?? "")
    }

    package var debugDescription: String { description }

    /// Nothing: `dump` would show the key.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// What is wrong with a file of `RedisTLS`.
package struct RedisTLSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What names the file: `authority_file`, `certificate_file` or `key_file`.
    package let key: String
    /// The file.
    package let file: String
    /// What is wrong.
    package let reason: String

    /// A sentence.
    package var description: String { "\(key) \(file) cannot be used: \(reason)" }
}
