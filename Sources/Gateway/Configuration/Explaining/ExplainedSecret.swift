import Crypto

/// A secret of an effective configuration: where it is kept, and just enough to tell it from another one.
struct ExplainedSecret: Sendable {
    /// Where it is kept.
    let reference: Secret.Reference
    /// Tells whether two secrets are the same; nil when the secret was not read.
    let mark: Mark?

    init(_ secret: Secret) {
        reference = secret.reference
        mark = secret.value.isEmpty ? nil : Mark(of: secret.value)
    }

    /// The hash of a secret, or of a file. It is only compared, in memory: the hash of a short secret would betray it.
    struct Mark: Equatable, Sendable, CustomStringConvertible, CustomReflectable {
        private let hash: [UInt8]

        init(of bytes: [UInt8]) {
            hash = Array(SHA256.hash(data: bytes))
        }

        var description: String { "<redacted>" }
        var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// Where it is kept, in words; it is never shown itself.
    var remark: String {
        let place =
            switch reference {
            case .environment(let name): "environment variable \(name)"
            case .file(let path): "file \(YAMLText.comment(path))"
            }
        return place + (mark == nil ? ", not read" : ", not shown")
    }
}
