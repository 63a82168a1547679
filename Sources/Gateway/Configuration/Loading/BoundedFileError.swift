#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why a file could not be read.
package enum BoundedFileError: Error, Hashable, Sendable {
    /// No file has this name.
    case notFound
    /// The file may not be read by this process.
    case notPermitted
    /// The name is that of a directory.
    case isDirectory
    /// The file is longer than the caller's bound.
    case tooLarge
    /// The system said something else; its `errno`.
    case system(Int32)

    init(errno code: Int32) {
        switch code {
        case ENOENT, ENOTDIR: self = .notFound
        case EACCES, EPERM: self = .notPermitted
        case EISDIR: self = .isDirectory
        default: self = .system(code)
        }
    }

    /// What happened, as the end of a sentence that begins with the file.
    var text: String {
        switch self {
        case .notFound: "does not exist"
        case .notPermitted: "may not be read by this process"
        case .isDirectory: "is a directory"
        case .tooLarge: "is too large"
        case .system(let code): "cannot be read (error \(code))"
        }
    }
}
