/// Where a Redis server listens.
package enum RedisAddress: Hashable, Sendable, CustomStringConvertible {
    /// A host name or an IP address without brackets, and a port.
    case tcp(host: String, port: Int)
    /// The path of a socket in the file system.
    case unix(path: String)

    /// The port of servers that are not told another one.
    package static let defaultPort = 6_379

    /// `HOST:PORT`, IPv6 in brackets, or `unix:PATH`.
    package var description: String {
        switch self {
        case .tcp(let host, let port): (host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host) + ":\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
