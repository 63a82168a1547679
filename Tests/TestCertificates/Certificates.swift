import Foundation

/// Certificates made by the `openssl` command for tests: an authority, a server that it has signed, and another authority.
/// Their folder lives as long as this does.
package final class Certificates: Sendable {
    private let folder: URL

    /// The authority's certificate, a file in PEM.
    package var authority: String { path("ca.pem") }
    /// The certificate of another authority.
    package var stranger: String { path("stranger.pem") }
    /// The server's certificate.
    package var certificate: String { path("server.pem") }
    /// Its private key.
    package var key: String { path("server.key") }

    /// Makes them; the server's is valid for `names` until `end` (`YYYYMMDD`).
    package init(names: String = "DNS:localhost,IP:127.0.0.1", until end: String = "20990101") throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "certificates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        for name in ["ca", "stranger"] {
            try openssl(
                ["req", "-x509"] + curve
                    + ["-days", "2", "-subj", "/CN=\(name)", "-keyout", "\(name).key", "-out", "\(name).pem"])
        }
        try openssl(["req"] + curve + ["-subj", "/CN=server", "-keyout", "server.key", "-out", "server.csr"])
        // The one command of all versions of openssl that takes dates.
        try write(
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
        try write("index", "")
        try openssl([
            "ca", "-batch", "-config", "ca.cnf", "-in", "server.csr", "-cert", "ca.pem", "-keyfile", "ca.key",
            "-startdate", "20200101000000Z", "-enddate", "\(end)000000Z", "-out", "server.pem",
        ])
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// The contents of one of the files.
    package func contents(of path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path)))
    }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: folder.appending(path: name))
    }

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw CertificateError(description: "openssl \(arguments.joined(separator: " ")) failed")
        }
    }
}

/// Why there are no certificates.
package struct CertificateError: Error, CustomStringConvertible {
    package let description: String
}
