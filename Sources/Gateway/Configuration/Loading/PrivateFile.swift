#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file that only its owner may read and write (mode 600), always there as a whole.
///
/// Blocks, so never on an event loop.
package struct PrivateFile: Sendable {
    /// Where it is.
    package let path: String

    package init(path: String) {
        self.path = path
    }

    /// Replaces the contents in one step: whoever reads gets the old ones or the new ones, even when the machine fails
    /// in between. They are written beside it first, to the same name with `.new` behind it.
    ///
    /// - Throws: what the system said; the old contents are still there then.
    package func replace(with bytes: [UInt8]) throws(PrivateFileError) {
        guard !path.utf8.contains(0) else { throw PrivateFileError(code: ENOENT) }
        let draft = path + ".new"
        // One that was left behind may be open to others, or be a link to somewhere else.
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw PrivateFileError(code: errno) }
        let failure = Self.write(bytes, to: descriptor)
        close(descriptor)
        if let failure {
            unlink(draft)
            throw PrivateFileError(code: failure)
        }
        guard rename(draft, path) == 0 else {
            let failure = errno
            unlink(draft)
            throw PrivateFileError(code: failure)
        }
    }

    /// Everything, down to the disk; what failed, or nil.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        bytes.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
                let count = systemWrite(descriptor, rest.baseAddress, rest.count)
                if count < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                offset += count
            }
            return fsync(descriptor) == 0 ? nil : errno
        }
    }

    private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes, count)
        #elseif canImport(Musl)
            Musl.write(descriptor, bytes, count)
        #else
            Darwin.write(descriptor, bytes, count)
        #endif
    }
}
