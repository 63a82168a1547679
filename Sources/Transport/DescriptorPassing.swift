#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Bytes with open descriptors between processes of one machine, over a stream socket (`unix(7)`, `SCM_RIGHTS`).
///
/// Blocking, each step until a deadline: for a thread that may wait. The socket must not block by itself.
enum DescriptorPassing {
    /// The most that Linux passes in one message (`SCM_MAX_FD`).
    static let maximumDescriptors = 253

    /// Sends all of `bytes`, the descriptors with the first of them. The descriptors stay open here.
    ///
    /// - Throws: `HandoverError` when the peer is gone or does not read in time.
    static func send(
        _ bytes: [UInt8], _ descriptors: [CInt] = [], over socket: CInt, by deadline: ContinuousClock.Instant
    ) throws(HandoverError) {
        precondition(descriptors.count <= maximumDescriptors, "too many descriptors for one message")
        var sent = 0
        while sent < bytes.count {
            try wait(for: POLLOUT, on: socket, by: deadline)
            let count = write(bytes[sent...], sent == 0 ? descriptors : [], socket)
            if count > 0 {
                sent += count
            } else if !mayGoOn() {
                throw .system("sendmsg", code: errno)
            }
        }
    }

    /// Exactly `count` bytes, and the descriptors that came with them, which are closed when one is executed.
    ///
    /// - Throws: `HandoverError` when the peer ends before, or does not send in time, or sends more than
    ///   `maximumDescriptors`; whatever descriptors had come are closed then.
    static func receive(
        _ count: Int, over socket: CInt, by deadline: ContinuousClock.Instant
    ) throws(HandoverError) -> (bytes: [UInt8], descriptors: [CInt]) {
        var bytes: [UInt8] = []
        var descriptors: [CInt] = []
        do throws(HandoverError) {
            while bytes.count < count {
                try wait(for: POLLIN, on: socket, by: deadline)
                let (length, isComplete) = read(count - bytes.count, into: &bytes, &descriptors, socket)
                if !isComplete || descriptors.count > maximumDescriptors { throw .malformed("too many descriptors") }
                if length == 0 { throw .ended }
                if length < 0, !mayGoOn() { throw .system("recvmsg", code: errno) }
            }
        } catch {
            for descriptor in descriptors { close(descriptor) }
            throw error
        }
        return (bytes, descriptors)
    }

    /// The process at the other end, 0 where only its user is known, and that user; `nil` when the system does not say.
    static func peer(atTheOtherEndOf socket: CInt) -> (process: Int32, user: uid_t)? {
        #if os(Linux)
            // struct ucred: process, user and group, 32 bits each (`unix(7)`).
            var credentials: [UInt32] = [0, .max, .max]
            var length = socklen_t(credentials.count * MemoryLayout<UInt32>.size)
            guard getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0, length == 12 else {
                return nil
            }
            return (Int32(bitPattern: credentials[0]), credentials[1])
        #else
            var (user, group) = (uid_t.max, gid_t.max)
            return getpeereid(socket, &user, &group) == 0 ? (0, user) : nil
        #endif
    }

    // MARK: One system call each

    private static func mayGoOn() -> Bool { errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK }

    private static func wait(
        for events: CInt, on socket: CInt, by deadline: ContinuousClock.Instant
    ) throws(HandoverError) {
        while true {
            let left = deadline - .now
            guard left > .zero else { throw .timeout }
            let (seconds, attoseconds) = left.components
            // Bounded, so that the number fits whatever the deadline is; and a part of a millisecond is one.
            let milliseconds = min(seconds, 3_600) * 1_000 + attoseconds / 1_000_000_000_000_000 + 1
            var entry = pollfd(fd: socket, events: Int16(events), revents: 0)
            let ready = poll(&entry, 1, CInt(milliseconds))
            if ready > 0 { return }
            if ready < 0, errno != EINTR { throw .system("poll", code: errno) }
        }
    }

    #if os(Linux)
        private static let alignment = MemoryLayout<Int>.size
    #else
        private static let alignment = MemoryLayout<UInt32>.size
    #endif

    private static func aligned(_ size: Int) -> Int { (size + alignment - 1) / alignment * alignment }

    /// `CMSG_LEN`, a macro that Swift does not see.
    private static func controlLength(_ count: Int) -> Int {
        aligned(MemoryLayout<cmsghdr>.size) + count * MemoryLayout<CInt>.size
    }

    private static func write(_ bytes: ArraySlice<UInt8>, _ descriptors: [CInt], _ socket: CInt) -> Int {
        withUnsafeTemporaryAllocation(
            byteCount: aligned(controlLength(descriptors.count)), alignment: MemoryLayout<Int>.alignment
        ) { control in
            control.initializeMemory(as: UInt8.self, repeating: 0)
            var header = cmsghdr()
            header.cmsg_len = numericCast(controlLength(descriptors.count))
            header.cmsg_level = SOL_SOCKET
            header.cmsg_type = rights
            control.storeBytes(of: header, as: cmsghdr.self)
            for (index, descriptor) in descriptors.enumerated() {
                control.storeBytes(of: descriptor, toByteOffset: controlLength(index), as: CInt.self)
            }
            return bytes.withUnsafeBytes { bytes in
                var vector = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &vector) { vector in
                    var message = msghdr()
                    message.msg_iov = vector
                    message.msg_iovlen = 1
                    if !descriptors.isEmpty {
                        message.msg_control = control.baseAddress
                        message.msg_controllen = numericCast(control.count)
                    }
                    return sendmsg(socket, &message, withoutSignal)
                }
            }
        }
    }

    private static func read(
        _ count: Int, into bytes: inout [UInt8], _ descriptors: inout [CInt], _ socket: CInt
    ) -> (length: Int, isComplete: Bool) {
        var buffer = [UInt8](repeating: 0, count: count)
        return withUnsafeTemporaryAllocation(
            byteCount: aligned(controlLength(maximumDescriptors)), alignment: MemoryLayout<Int>.alignment
        ) { control in
            control.initializeMemory(as: UInt8.self, repeating: 0)
            var message = msghdr()
            let length = buffer.withUnsafeMutableBytes { buffer in
                var vector = iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
                return withUnsafeMutablePointer(to: &vector) { vector in
                    message.msg_iov = vector
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = numericCast(control.count)
                    return recvmsg(socket, &message, closingOnExecution)
                }
            }
            guard length >= 0 else { return (length, true) }
            bytes += buffer[..<length]
            collect(UnsafeRawBufferPointer(rebasing: control[..<Int(message.msg_controllen)]), into: &descriptors)
            return (length, message.msg_flags & truncated == 0)
        }
    }

    private static func collect(_ control: UnsafeRawBufferPointer, into descriptors: inout [CInt]) {
        var start = 0
        while start + MemoryLayout<cmsghdr>.size <= control.count {
            let header = control.loadUnaligned(fromByteOffset: start, as: cmsghdr.self)
            let end = start + Int(header.cmsg_len)
            guard end > start, end <= control.count else { return }
            if header.cmsg_level == SOL_SOCKET, header.cmsg_type == rights {
                var place = start + controlLength(0)
                while place + MemoryLayout<CInt>.size <= end {
                    let descriptor = control.loadUnaligned(fromByteOffset: place, as: CInt.self)
                    #if !os(Linux)
                        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                    #endif
                    descriptors.append(descriptor)
                    place += MemoryLayout<CInt>.size
                }
            }
            start = aligned(end)
        }
    }

    private static let rights = CInt(SCM_RIGHTS)
    private static let truncated = CInt(MSG_CTRUNC)
    #if os(Linux)
        private static let withoutSignal = CInt(MSG_NOSIGNAL)
        private static let closingOnExecution = CInt(MSG_CMSG_CLOEXEC)
    #else
        // The sockets have SO_NOSIGPIPE.
        private static let withoutSignal: CInt = 0
        private static let closingOnExecution: CInt = 0
    #endif
}
