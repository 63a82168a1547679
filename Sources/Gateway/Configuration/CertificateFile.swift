import Transport

/// A file with certificates in PEM, and what was in it when the configuration was read: when that is another, so is the
/// configuration.
package struct CertificateFile: Hashable, Sendable {
    /// The most that is read, in bytes. What a system trusts has 250 KiB.
    package static let maximumByteCount = 1 << 20

    /// Where it is.
    package let path: String
    /// What was in it; empty when the feature that needs it is not in this version.
    package let contents: [UInt8]
    /// The end of the first certificate's time, in seconds since 1970; nil when there is no certificate.
    package let expiry: Int64?

    package init(path: String, contents: [UInt8]) {
        self.path = path
        self.contents = contents
        expiry = try? TLSIdentity(chain: contents, key: []).expiry()
    }

    /// What reading begins with; never part of a configuration.
    static let placeholder = CertificateFile(path: "", contents: [])
}

extension ConfigurationValue where Value == CertificateFile {
    /// The path of a file, which is read.
    static var certificates: Self {
        let path = ConfigurationValue<String>.filePath
        return ConfigurationValue(
            kind: path.kind,
            read: { node, current, reader in
                guard let path = path.read(node, current.path, &reader) else { return nil }
                guard reader.isInEffect else { return CertificateFile(path: path, contents: []) }
                do throws(BoundedFileError) {
                    let file = try reader.environment.readFile(path, CertificateFile.maximumByteCount)
                    return CertificateFile(path: path, contents: file.bytes)
                } catch {
                    reader.problem("file \(path.shown) \(error.text)", at: node.position)
                    return nil
                }
            },
            text: { $0.path },
            explain: { file, node in
                ExplainedValue(
                    .scalar(file.path, isText: true), from: node, contents: ExplainedSecret.Mark(of: file.contents))
            })
    }
}
