import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The other end of a connection as the operating system offers it: blocking, with 10 seconds for everything.
struct SocketPeer: ~Copyable {
    /// How a stream of bytes ended.
    enum End: Equatable {
        case eof, reset, timeout
    }

    private let descriptor: Int32

    init(descriptor: Int32) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Connects to a port of 127.0.0.1; `nil` when that fails.
    init?(port: Int) {
        let descriptor = SocketPeer.makeSocket()
        let result = SocketPeer.withAddress(port: port) { connect(descriptor, $0, $1) }
        guard result == 0 else {
            Self.closeDescriptor(descriptor)
            return nil
        }
        self.init(descriptor: descriptor)
    }

    /// Connects to a unix-domain socket; `nil` when that fails.
    init?(path: String) {
        let descriptor = SocketPeer.makeSocket(AF_UNIX)
        guard let address = try? SocketAddress(unixDomainSocketPath: path),
            address.withSockAddr({ connect(descriptor, $0, socklen_t($1)) }) == 0
        else {
            Self.closeDescriptor(descriptor)
            return nil
        }
        self.init(descriptor: descriptor)
    }

    deinit {
        Self.closeDescriptor(descriptor)
    }

    /// The port of 127.0.0.1 that this socket is bound to.
    static func port(of descriptor: Int32) -> Int {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return Int(in_port_t(bigEndian: address.sin_port))
    }

    private static func closeDescriptor(_ descriptor: Int32) { _ = close(descriptor) }

    static func makeSocket(_ family: Int32 = AF_INET) -> Int32 {
        #if canImport(Glibc)
            socket(family, Int32(SOCK_STREAM.rawValue), 0)
        #else
            socket(family, SOCK_STREAM, 0)
        #endif
    }

    static func withAddress(port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Sends all of `bytes`; how many the system took before it refused more.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Int {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                write(descriptor, raw.baseAddress.map { $0 + sent }, bytes.count - sent)
            }
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }

    @discardableResult
    func send(_ text: String) -> Int { send(Array(text.utf8)) }

    /// Receives until the other end has closed, `count` bytes have come, or nothing comes.
    func receive(upTo limit: Int = .max) -> (bytes: [UInt8], end: End?) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < limit {
            let count = recv(descriptor, &buffer, min(buffer.count, limit - bytes.count), 0)
            if count == 0 { return (bytes, .eof) }
            if count < 0 { return (bytes, errno == ECONNRESET ? .reset : .timeout) }
            bytes += buffer[..<count]
        }
        return (bytes, nil)
    }

    /// Says that nothing more will be sent.
    func closeOutput() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Makes the end of this peer a reset.
    func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Makes the system keep few bytes for this peer.
    func shrinkReceiveBuffer() {
        var size: Int32 = 65_536
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }
}

/// Runs blocking work on a thread that may wait.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await NIOThreadPool.singleton.runIfActive(body)
}
