#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a file held, read whole and never beyond a bound.
package struct BoundedFile: Sendable {
    /// The contents.
    package let bytes: [UInt8]
    /// Whether others than the owner may read or write the file (mode bits 077).
    package let isOpenToOthers: Bool

    package init(bytes: [UInt8], isOpenToOthers: Bool) {
        self.bytes = bytes
        self.isOpenToOthers = isOpenToOthers
    }

    /// Reads a file of at most `limit` bytes. The size is looked at before anything is read; what has no size of its
    /// own, such as a pipe, is given up once more has come.
    ///
    /// Blocks, so never on an event loop.
    package init(readingAtMost limit: Int, from path: String) throws(BoundedFileError) {
        guard !path.utf8.contains(0) else { throw .notFound }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw BoundedFileError(errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw BoundedFileError(errno: errno) }
        let kind = status.st_mode & S_IFMT
        guard kind != S_IFDIR else { throw .isDirectory }
        guard kind != S_IFREG || status.st_size <= limit else { throw .tooLarge }
        isOpenToOthers = kind == S_IFREG && status.st_mode & 0o077 != 0

        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                let failure = errno
                if failure == EINTR { continue }
                throw BoundedFileError(errno: failure)
            }
            if count == 0 { break }
            contents += chunk[..<count]
            guard contents.count <= limit else { throw .tooLarge }
        }
        bytes = contents
    }
}
