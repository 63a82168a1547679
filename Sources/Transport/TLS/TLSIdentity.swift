import NIOSSL

/// What one side shows to prove who it is: a certificate chain and the key of its first certificate.
package struct TLSIdentity: Hashable, Sendable {
    /// Certificates in PEM, the own one first, its issuers behind it.
    package let chain: [UInt8]
    /// The private key in PEM.
    package let key: [UInt8]

    package init(chain: [UInt8], key: [UInt8]) {
        self.chain = chain
        self.key = key
    }

    /// The end of the first certificate's time, in seconds since 1970.
    ///
    /// - Throws: `TLSError` when there is no certificate.
    package func expiry() throws(TLSError) -> Int64 {
        Int64(try certificates()[0].notValidAfter)
    }

    /// Certificates and key as TLS takes them.
    func sources() throws(TLSError) -> (chain: [NIOSSLCertificateSource], key: NIOSSLPrivateKeySource) {
        let chain = try certificates().map { NIOSSLCertificateSource.certificate($0) }
        return (chain, .privateKey(try TLSError.of(.key) { try NIOSSLPrivateKey(bytes: key, format: .pem) }))
    }

    private func certificates() throws(TLSError) -> [NIOSSLCertificate] {
        let certificates = try TLSError.of(.certificate) { try NIOSSLCertificate.fromPEMBytes(chain) }
        guard !certificates.isEmpty else { throw TLSError(part: .certificate, reason: "no certificate is in it") }
        return certificates
    }
}

extension TLSIdentity: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Nothing of the key.
    package var description: String { "certificate of \(chain.count) bytes" }

    package var debugDescription: String { description }

    /// Nothing: `dump` would show the key.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension TLSConfiguration {
    /// Versions and suites with nothing that is known to be weak: TLS 1.2 with forward secrecy and authenticated encryption,
    /// and all of TLS 1.3 (RFC 9325 §3, §4). Compression and renegotiation are not there at all.
    mutating func demandStrength() {
        minimumTLSVersion = .tlsv12
        cipherSuiteValues = [
            .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ]
        applicationProtocols = ["http/1.1"]
    }
}
