import ArgumentParser
import NIOCore

/// Where to listen: `HOST:PORT`, an IPv6 address in brackets.
struct ListenAddress: ExpressibleByArgument, CustomStringConvertible, Equatable {
    /// A name or an address, without brackets.
    var host: String
    /// 0…65535; 0 lets the system choose.
    var port: Int

    /// 127.0.0.1:9000.
    static let standard = ListenAddress(host: "127.0.0.1", port: 9_000)

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// The address that `argument` spells.
    init?(argument: String) {
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
        self.init(host: String(host), port: port)
    }

    /// The address of a socket.
    init(_ address: SocketAddress) {
        self.init(host: address.ipAddress ?? "?", port: address.port ?? 0)
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    var defaultValueDescription: String { description }
}
