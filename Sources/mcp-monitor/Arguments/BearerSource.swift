import ArgumentParser

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where a bearer token is: `env:NAME` or `file:PATH`. The token itself is never kept.
enum BearerSource: ExpressibleByArgument, Hashable, Sendable {
    /// An environment variable.
    case variable(String)
    /// A file, read anew each time, so that a token may be replaced while it is in use.
    case file(String)

    private static let maximumByteCount = 16_384

    /// Reads `env:NAME` or `file:PATH`.
    init?(argument: String) {
        if argument.hasPrefix("env:"), argument.utf8.count > 4 {
            self = .variable(String(argument.dropFirst(4)))
        } else if argument.hasPrefix("file:"), argument.utf8.count > 5 {
            self = .file(String(argument.dropFirst(5)))
        } else {
            return nil
        }
    }

    /// Why there is no token.
    struct Unreadable: Error, Hashable, CustomStringConvertible {
        let description: String
    }

    /// The token, without the white space around it.
    ///
    /// - Throws: `Unreadable` when there is none, or when it is not what a header can carry (RFC 6750 §2.1).
    func read() throws(Unreadable) -> String {
        let text: String
        switch self {
        case .variable(let name):
            guard let value = getenv(name) else { throw Unreadable(description: "the variable \(name) is not set") }
            text = String(cString: value)
        case .file(let path):
            guard let bytes = BearerSource.read(path) else {
                throw Unreadable(
                    description: "the token file \(path) cannot be read: \(String(cString: strerror(errno)))")
            }
            text = String(decoding: bytes, as: UTF8.self)
        }
        let lines = text.utf8.split { $0 == 0x0A || $0 == 0x0D || $0 == 0x20 || $0 == 0x09 }
        guard lines.count == 1, let token = lines.first, token.count < BearerSource.maximumByteCount,
            token.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw Unreadable(description: "\(self) holds no token")
        }
        return String(decoding: token, as: UTF8.self)
    }

    private static func read(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: maximumByteCount)
        let count = fread(&bytes, 1, bytes.count, file)
        guard ferror(file) == 0 else { return nil }
        return Array(bytes[..<count])
    }
}

extension BearerSource: CustomStringConvertible {
    /// As it was given.
    var description: String {
        switch self {
        case .variable(let name): "env:\(name)"
        case .file(let path): "file:\(path)"
        }
    }
}
