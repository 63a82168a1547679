import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Listening sockets that the service manager bound before it started this process (`sd_listen_fds(3)`).
package enum SocketActivation {
    /// The first descriptor that is passed (`SD_LISTEN_FDS_START`).
    package static let firstDescriptor: CInt = 3
    /// More than a gateway has a use for.
    package static let maximumDescriptors = 253

    /// The sockets that the environment tells of, those of one name and address together. Empty when there are none, or when
    /// they are meant for another process. A socket that comes twice counts once: nobody accepts from one at two places.
    ///
    /// They will not outlive an `exec`. Descriptors without a name are called `unknown`, as systemd does.
    ///
    /// - Parameters:
    ///   - count, process, names: `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES`.
    ///   - first: where the descriptors begin.
    /// - Throws: `HandoverError` when the values make no sense, or a descriptor is not open.
    package static func sockets(
        count: String?, process: String?, names: String?, first: CInt = firstDescriptor
    ) throws(HandoverError) -> [HandedSocket] {
        guard let count, let process, Int32(process) == getpid() else { return [] }
        guard let number = Int(count), (0...maximumDescriptors).contains(number) else {
            throw .malformed("LISTEN_FDS is \(count.prefix(20))")
        }
        var labels = (names ?? "").split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if names == nil { labels = [] }
        guard labels.isEmpty || labels.count == number || number == 0 else {
            throw .malformed("LISTEN_FDNAMES has \(labels.count) names for \(number) descriptors")
        }
        var sockets: [HandedSocket] = []
        var seen: Set<UInt64> = []
        for index in 0..<number {
            let descriptor = first + CInt(index)
            guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { throw .system("LISTEN_FDS", code: errno) }
            guard seen.insert(identity(of: descriptor)).inserted else {
                close(descriptor)
                continue
            }
            let name = labels.isEmpty ? "unknown" : labels[index]
            let address = address(of: descriptor)
            if let place = sockets.firstIndex(where: { $0.name == name && $0.address == address }) {
                sockets[place].descriptors.append(descriptor)
            } else {
                sockets.append(HandedSocket(name: name, address: address, descriptors: [descriptor]))
            }
        }
        return sockets
    }

    /// The number that the system has given the socket; copies of a descriptor have it in common.
    private static func identity(of descriptor: CInt) -> UInt64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt64(truncatingIfNeeded: status.st_ino) : .max
    }

    /// What a socket is bound to, as `BoundListener.boundAddress` writes it; empty when it is not bound to an IP address.
    static func address(of descriptor: CInt) -> String {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard getsockname(descriptor, pointer, &length) == 0 else { return "" }
                return text(of: pointer)
            }
        }
    }

    private static func text(of pointer: UnsafePointer<sockaddr>) -> String {
        let raw = UnsafeRawPointer(pointer)
        let address: SocketAddress
        switch CInt(pointer.pointee.sa_family) {
        case AF_INET: address = SocketAddress(raw.load(as: sockaddr_in.self))
        case AF_INET6: address = SocketAddress(raw.load(as: sockaddr_in6.self))
        default: return ""
        }
        let host = address.ipAddress ?? "?"
        return (host.contains(":") ? "[\(host)]" : host) + ":\(address.port ?? 0)"
    }
}
