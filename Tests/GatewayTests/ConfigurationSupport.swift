import Gateway
import TestCertificates
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Loads configurations for tests: text in, values or complaints out.
enum ConfigurationSupport {
    /// The root of the package.
    static let root = String(#filePath.dropLast("/Tests/GatewayTests/ConfigurationSupport.swift".count))

    /// A secret of sufficient length; no complaint may show it.
    static let secret = "q9Z-tK3v_hidden-from-all-output_7Lw2"

    /// A certificate, and another one that has expired.
    static let certificates = try? Certificates()
    static let expiredCertificates = try? Certificates(until: "20200201")

    /// Two variables, two files, and what TLS needs.
    static let environment = ConfigurationEnvironment(
        variables: ["GATEWAY_KEY": secret, "SHORT_KEY": "hidden-short"],
        readFile: { path, limit throws(BoundedFileError) in
            let files = path.hasPrefix("/etc/gw/expired") ? expiredCertificates : certificates
            switch path {
            case "/etc/gw/tls.pem", "/etc/gw/expired.pem", "a: #b":
                return BoundedFile(bytes: pem(of: files?.certificate, files), isOpenToOthers: true)
            case "/etc/gw/tls.key", "/etc/gw/expired.key", "/x y":
                return BoundedFile(bytes: pem(of: files?.key, files), isOpenToOthers: false)
            case "/etc/gw/ca.pem":
                return BoundedFile(bytes: pem(of: files?.authority, files), isOpenToOthers: true)
            case "/run/secrets/key": return BoundedFile(bytes: Array("\(secret)\r\n".utf8), isOpenToOthers: false)
            case "/run/secrets/open": return BoundedFile(bytes: Array(secret.utf8), isOpenToOthers: true)
            default: throw .notFound
            }
        })

    /// What a listener with these certificates has for `tls`.
    static func tls() throws -> TLSSettings {
        let certificates = try #require(certificates)
        let key = try certificates.contents(of: certificates.key).dropLast()
        return TLSSettings(
            certificate: CertificateFile(
                path: "/etc/gw/tls.pem", contents: try certificates.contents(of: certificates.certificate)),
            privateKey: Secret(reference: .file(path: "/etc/gw/tls.key"), value: Array(key)))
    }

    private static func pem(of path: String?, _ files: Certificates?) -> [UInt8] {
        path.flatMap { try? files?.contents(of: $0) } ?? []
    }

    /// The configuration in `text`, which must be right.
    static func load(_ text: String) throws -> LoadedConfiguration {
        try ConfigurationLoader(environment: environment).load(contents: Array(text.utf8))
    }

    /// What is wrong with `text`, as it is printed; empty when nothing is.
    static func complaints(_ text: String) -> [String] {
        complaints(Array(text.utf8))
    }

    /// What is wrong with a file of these bytes, as it is printed; empty when nothing is.
    static func complaints(_ bytes: [UInt8], file: String = "gateway.conf") -> [String] {
        do {
            _ = try ConfigurationLoader(environment: environment).load(contents: bytes)
            return []
        } catch {
            return error.lines(file: file)
        }
    }

    /// The contents of a file of the package.
    static func file(_ path: String) throws -> [UInt8] {
        try BoundedFile(readingAtMost: 1 << 24, from: "\(root)/\(path)").bytes
    }

    /// Compares a file of the package with what it must hold. With `UPDATE_FIXTURES` in the environment the file is
    /// written instead, to be looked at before it is committed.
    static func expect(
        _ path: String, toHold text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        if getenv("UPDATE_FIXTURES") != nil {
            let stream = try #require(fopen("\(root)/\(path)", "w"))
            fputs(text, stream)
            fclose(stream)
        }
        let held = String(decoding: try file(path), as: UTF8.self)
        #expect(held == text, "\(path) is not up to date: UPDATE_FIXTURES=1 swift test", sourceLocation: sourceLocation)
    }

    /// The names in a directory of the package, in order.
    static func names(in path: String) -> [String] {
        guard let directory = opendir("\(root)/\(path)") else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}
