import NIOCore

#if canImport(Glibc)
    import Glibc
    private let stream = Int32(SOCK_STREAM.rawValue)
#elseif canImport(Musl)
    import Musl
    private let stream = SOCK_STREAM
#elseif canImport(Darwin)
    import Darwin
    private let stream = SOCK_STREAM
#endif

/// The file of a unix-domain socket that this process listens on.
///
/// A file outlives the process that made it, so one that is in the way is tried first: if nobody answers on it, its owner
/// is dead and it is removed. Anything else that is in the way stays.
struct SocketFile: Sendable {
    /// Where it is.
    let path: String
    /// The socket. Nobody listens on it yet.
    let descriptor: CInt
    private let device: UInt64
    private let inode: UInt64

    /// Makes the file at `path` with these permissions. Between making and permitting nobody can come in, because nobody
    /// listens yet.
    ///
    /// - Throws: `ListenerError` when the path is too long, when somebody listens there, when something other than a socket
    ///   is there, and when the system refuses.
    init(at path: String, mode: UInt16) throws(ListenerError) {
        self.path = path
        guard let address = try? SocketAddress(unixDomainSocketPath: path), !path.isEmpty, !path.utf8.contains(0) else {
            throw ListenerError(path: path, reason: "not a path for a socket, or too long for one")
        }
        switch SocketFile.occupant(of: path, address) {
        case .nobody: break
        case .dead: unlink(path)
        case .listener: throw ListenerError(path: path, reason: "somebody listens there")
        case .file: throw ListenerError(path: path, reason: "the file is no socket")
        }
        let descriptor = socket(AF_UNIX, stream, 0)
        guard descriptor >= 0 else { throw ListenerError(path: path, failed: "socket") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        guard address.withSockAddr({ bind(descriptor, $0, socklen_t($1)) }) == 0 else {
            defer { close(descriptor) }
            throw ListenerError(path: path, failed: "bind")
        }
        var status = stat()
        guard chmod(path, mode_t(mode)) == 0, lstat(path, &status) == 0 else {
            defer { close(descriptor) }
            defer { unlink(path) }
            throw ListenerError(path: path, failed: "chmod")
        }
        self.descriptor = descriptor
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(truncatingIfNeeded: status.st_ino)
    }

    /// The file at `path` of a socket that another process made and let this one have.
    init(at path: String, adopting descriptor: CInt) {
        self.path = path
        self.descriptor = descriptor
        var status = stat()
        let isThere = lstat(path, &status) == 0
        device = isThere ? UInt64(truncatingIfNeeded: status.st_dev) : .max
        inode = isThere ? UInt64(truncatingIfNeeded: status.st_ino) : .max
    }

    /// Removes the file, unless another one has taken its place. Only while somebody listens on it: a file that is gone may
    /// have given its number to the next.
    func remove() {
        var status = stat()
        guard lstat(path, &status) == 0, device == UInt64(truncatingIfNeeded: status.st_dev),
            inode == UInt64(truncatingIfNeeded: status.st_ino)
        else { return }
        unlink(path)
    }

    private enum Occupant {
        case nobody, dead, listener, file
    }

    private static func occupant(of path: String, _ address: SocketAddress) -> Occupant {
        var status = stat()
        // Whatever else is wrong with the path, binding will say so.
        guard lstat(path, &status) == 0 else { return .nobody }
        guard status.st_mode & S_IFMT == S_IFSOCK else { return .file }
        let probe = socket(AF_UNIX, stream, 0)
        guard probe >= 0 else { return .listener }
        defer { close(probe) }
        // A listener with a full queue must not hold up the start.
        _ = fcntl(probe, F_SETFL, O_NONBLOCK)
        guard address.withSockAddr({ connect(probe, $0, socklen_t($1)) }) != 0 else { return .listener }
        return errno == ECONNREFUSED ? .dead : .listener
    }
}

extension ListenerError {
    /// A path that cannot be listened on.
    init(path: String, reason: String) {
        self.init(address: "unix:\(path)", reason: reason)
    }

    /// A path for which a system call has just failed.
    init(path: String, failed call: String) {
        let code = errno
        self.init(path: path, reason: "\(call): \(String(cString: strerror(code)))")
    }
}
