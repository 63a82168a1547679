/// Something that only the gateway may know. Prints as `<redacted>`, whoever prints it.
package struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Where it is kept.
    package enum Reference: Hashable, Sendable {
        /// An environment variable.
        case environment(name: String)
        /// A file.
        case file(path: String)
    }

    /// Where it is kept.
    package let reference: Reference
    /// What it is; empty when the feature that needs it is not in this version.
    package let value: [UInt8]

    package init(reference: Reference, value: [UInt8]) {
        self.reference = reference
        self.value = value
    }

    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// What reading begins with; never part of a configuration.
    static let placeholder = Secret(reference: .environment(name: ""), value: [])
}

extension ConfigurationValue where Value == Secret {
    /// A reference to so many bytes. They are fetched only if the key is in effect; no complaint shows a byte of them,
    /// nor of what stands in the place of a reference.
    static func secret(_ byteCount: ClosedRange<Int>) -> Self {
        let demand = "must be env:NAME or file:PATH; a secret itself must not stand in the file"
        return ConfigurationValue(
            kind: .text(.secret),
            read: { node, _, reader in
                guard case .scalar(let text, _) = node.content, let reference = Secret.Reference(text) else {
                    if case .unusable = node.content {
                        reader.mismatch(node, demand)
                    } else {
                        reader.problem(demand, at: node.position)
                    }
                    return nil
                }
                guard reader.isInEffect else { return Secret(reference: reference, value: []) }
                guard let value = reader.fetch(reference, upTo: byteCount.upperBound, at: node.position) else {
                    return nil
                }
                guard byteCount.contains(value.count) else {
                    reader.problem(
                        value.isEmpty
                            ? "must not be empty"
                            : "must have \(byteCount.lowerBound)…\(byteCount.upperBound) bytes, has \(value.count)",
                        at: node.position)
                    return nil
                }
                return Secret(reference: reference, value: value)
            },
            text: { _ in nil },
            explain: { secret, node in ExplainedValue(.secret(ExplainedSecret(secret)), from: node) })
    }
}

extension Secret.Reference {
    /// `env:NAME` or `file:PATH`.
    var text: String {
        switch self {
        case .environment(let name): "env:\(name)"
        case .file(let path): "file:\(path)"
        }
    }

    /// Reads `env:NAME` or `file:PATH`; nil for anything else.
    init?(_ text: String) {
        if text.hasPrefix("env:") {
            let name = text.utf8.dropFirst(4)
            guard let first = name.first, !first.isASCIIDigit, name.count <= 256,
                name.allSatisfy({ $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "_") })
            else { return nil }
            self = .environment(name: String(Substring(name)))
        } else if text.hasPrefix("file:") {
            let path = String(Substring(text.utf8.dropFirst(5)))
            guard !path.isEmpty, path.utf8.count <= 4_096, path.unicodeScalars.allSatisfy({ $0.value >= 0x20 }) else {
                return nil
            }
            self = .file(path: path)
        } else {
            return nil
        }
    }
}

extension ConfigurationReader {
    /// The bytes behind a reference, without the line end that editors leave; nil after a complaint.
    fileprivate mutating func fetch(
        _ reference: Secret.Reference, upTo limit: Int, at position: ConfigurationPosition
    ) -> [UInt8]? {
        switch reference {
        case .environment(let name):
            guard let value = environment.variables[name] else {
                problem("environment variable \(name) is not set", at: position)
                return nil
            }
            return Array(value.utf8)
        case .file(let path):
            do {
                let file = try environment.readFile(path, limit + 2)
                if file.isOpenToOthers {
                    warning("file \(path.shown) is open to other users; it should have mode 0600", at: position)
                }
                var bytes = file.bytes
                if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
                if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
                return bytes
            } catch {
                problem("file \(path.shown) \(error.text)", at: position)
                return nil
            }
        }
    }
}
