import Foundation
import NIOSSL

/// Certificates made by the `openssl` command for one test: an authority, and a server that it has signed.
struct Certificates {
    let folder: TemporaryFolder

    var authority: String { folder.path("ca.pem") }
    private var certificate: String { folder.path("server.pem") }
    private var key: String { folder.path("server.key") }

    /// Makes them; the server's is valid for `names`, such as `DNS:localhost,IP:127.0.0.1`, until `end` (`YYYYMMDD`).
    static func make(names: String = "DNS:localhost,IP:127.0.0.1", end: String = "20990101") throws -> Certificates {
        let certificates = Certificates(folder: try TemporaryFolder())
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        try certificates.openssl(
            ["req", "-x509"] + curve + ["-days", "2", "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.pem"])
        try certificates.openssl(
            ["req"] + curve + ["-subj", "/CN=server", "-keyout", "server.key", "-out", "server.csr"])
        // The one command of all versions of openssl that takes dates.
        try certificates.folder.write(
            "ca.cnf",
            """
            [ca]
            default_ca = it
            [it]
            database = index
            new_certs_dir = .
            rand_serial = yes
            default_md = sha256
            policy = any
            x509_extensions = extensions
            [any]
            commonName = supplied
            [extensions]
            subjectAltName = \(names)

            """)
        try certificates.folder.write("index", "")
        try certificates.openssl([
            "ca", "-batch", "-config", "ca.cnf", "-in", "server.csr", "-cert", "ca.pem", "-keyfile", "ca.key",
            "-startdate", "20200101000000Z", "-enddate", "\(end)000000Z", "-out", "server.pem",
        ])
        return certificates
    }

    /// What a server with this certificate seals connections with.
    func serverContext() throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(certificate).map { NIOSSLCertificateSource.certificate($0) }
        let key = try NIOSSLPrivateKey(file: key, format: .pem)
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
    }

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure("openssl \(arguments.joined(separator: " ")) failed")
        }
    }
}
