import ArgumentParser
import MCPServer
import NIOCore

/// Where to listen: `HOST:PORT`, an IPv6 address in brackets, or `unix:PATH`.
enum ListenAddress: ExpressibleByArgument, CustomStringConvertible, Equatable {
    /// A name or an address, without brackets, and a port, 0…65535; 0 lets the system choose.
    case tcp(host: String, port: Int)
    /// The path of a unix-domain socket, 1 to 103 bytes.
    case unix(path: String)

    /// 127.0.0.1:9000.
    static let standard = ListenAddress.tcp(host: "127.0.0.1", port: 9_000)

    /// The address that `argument` spells.
    init?(argument: String) {
        if argument.hasPrefix("unix:") {
            let path = argument.dropFirst("unix:".count)
            // The shortest bound of any system that this runs on.
            guard (1...103).contains(path.utf8.count), !path.utf8.contains(0) else { return nil }
            self = .unix(path: String(path))
            return
        }
        guard let colon = argument.lastIndex(of: ":") else { return nil }
        let digits = argument[argument.index(after: colon)...]
        var host = argument[..<colon]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(digits), port <= 65_535
        else { return nil }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        self = .tcp(host: String(host), port: port)
    }

    /// The address of a socket.
    init(_ address: SocketAddress) {
        if let path = address.pathname {
            self = .unix(path: path)
        } else {
            self = .tcp(host: address.ipAddress ?? "?", port: address.port ?? 0)
        }
    }

    /// Makes it the address of a server.
    func apply(to settings: inout HTTPServerSettings) {
        switch self {
        case .tcp(let host, let port):
            settings.host = host
            settings.port = port
        case .unix(let path):
            settings.socketPath = path
        }
    }

    var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    var defaultValueDescription: String { description }
}
