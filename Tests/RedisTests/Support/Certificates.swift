import Foundation

/// Certificates made by the `openssl` command for one test: an authority, a server that it has signed, and another authority.
struct Certificates {
    let folder: TemporaryFolder

    var authority: String { folder.path("ca.pem") }
    var stranger: String { folder.path("stranger.pem") }
    var certificate: String { folder.path("server.pem") }
    var key: String { folder.path("server.key") }

    /// Makes them; the server's is valid for `names`, such as `DNS:localhost,IP:127.0.0.1`.
    static func make(names: String) throws -> Certificates {
        let certificates = Certificates(folder: try TemporaryFolder())
        for name in ["ca", "stranger"] {
            try certificates.openssl(
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=\(name)", "-keyout", "\(name).key", "-out", "\(name).pem")
        }
        try certificates.openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=server",
            "-keyout", "server.key", "-out", "server.csr")
        try Data("subjectAltName=\(names)\n".utf8).write(to: certificates.folder.url.appending(path: "names"))
        try certificates.openssl(
            "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "server.pem")
        return certificates
    }

    private func openssl(_ arguments: String...) throws {
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
