import Foundation
import Glibc

/// A blocking TCP socket on the loopback address; closed with the last reference.
///
/// Not inherited by the processes that tests start, so that a closed port is closed.
final class Socket: Sendable {
    private let descriptor: Int32

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// A socket that listens on `port` of the loopback address `host`, 0 for any that is free.
    static func listening(on port: Int = 0, host: String = "127.0.0.1") throws -> Socket {
        let socket = try Socket.make()
        socket.set(SO_REUSEADDR, to: CInt(1))
        var address = Socket.loopback(port)
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { throw Failure("\(host) is no address") }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, listen(socket.descriptor, 512) == 0 else {
            throw Failure("cannot listen on \(port): \(errno)")
        }
        return socket
    }

    /// A connection to `port`; every read and write ends after `limit`.
    static func connected(to port: Int, limit: Duration = .seconds(20)) throws -> Socket {
        let socket = try Socket.make()
        socket.limit(limit)
        var address = Socket.loopback(port)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Failure("cannot connect to \(port): \(errno)") }
        socket.sendAtOnce()
        return socket
    }

    /// The port that the socket is bound to.
    var port: Int {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// The next connection; `nil` once the socket has been shut down.
    func accept() -> Socket? {
        let accepted = Glibc.accept(descriptor, nil, nil)
        guard accepted >= 0 else { return nil }
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        let socket = Socket(accepted)
        socket.sendAtOnce()
        return socket
    }

    /// Sends everything; `false` when the peer is gone.
    @discardableResult
    func send(_ bytes: some Collection<UInt8>) -> Bool {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(to: $0) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private func write(to bytes: UnsafeRawBufferPointer) -> Int {
        Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// What comes next; empty at the end of the stream; throws when nothing came in time or the connection was reset.
    func receive() throws -> [UInt8] {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, initializedCount in
            count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            initializedCount = max(count, 0)
        }
        guard count >= 0 else { throw Failure("nothing received: \(String(cString: strerror(errno)))") }
        return bytes
    }

    /// Ends both directions in an orderly way; a blocked reader returns.
    func shutDown() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Ends the connection as the system does for a process that has died: at once, and with a reset if that was wished.
    func abandon() {
        // The descriptor stays taken until the last reference goes, so that nobody else gets its number before that.
        var unspecified = sockaddr()
        unspecified.sa_family = sa_family_t(AF_UNSPEC)
        connect(descriptor, &unspecified, socklen_t(MemoryLayout<sockaddr>.size))
    }

    /// Makes the close that follows a reset instead of an end.
    func resetOnClose() {
        set(SO_LINGER, to: linger(l_onoff: 1, l_linger: 0))
    }

    private static func make() throws -> Socket {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure("no socket: \(errno)") }
        return Socket(descriptor)
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private func limit(_ limit: Duration) {
        let (seconds, attoseconds) = limit.components
        let time = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        set(SO_RCVTIMEO, to: time)
        set(SO_SNDTIMEO, to: time)
    }

    private func sendAtOnce() {
        var on: CInt = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
    }

    private func set<Value: BitwiseCopyable>(_ option: Int32, to value: Value) {
        var value = value
        setsockopt(descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<Value>.size))
    }
}
