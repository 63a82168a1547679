import NIOCore
import Transport

/// Listening sockets that somebody else has bound, each beside the address of the configuration that it is for.
///
/// That is the one it is bound to. An address that lets the system pick a port goes with a socket of its host that is left over
/// and was the same listener before.
struct InheritedSockets: Sendable {
    /// For the admin address, if there is one.
    let admin: HandedSocket?
    /// For the addresses that are listened on for calls, in the order of the configuration.
    let listeners: [HandedSocket?]
    /// For nothing.
    let unmatched: [HandedSocket]

    /// Deals out `sockets`; where two are for one address, the first one gets it.
    init(_ sockets: [HandedSocket], for configuration: GatewayConfiguration) {
        var left = sockets
        let addresses =
            [(name: "admin", address: configuration.admin)]
            + configuration.listeners.map { (name: "mcp", address: $0.address) }
        var found: [HandedSocket?] = addresses.map { place in
            InheritedSockets.take(from: &left) { $0.address == InheritedSockets.text(of: place.address) }
        }
        for (index, place) in addresses.enumerated() where place.address.port == 0 {
            let host = InheritedSockets.text(of: place.address).dropLast()
            found[index] = InheritedSockets.take(from: &left) {
                $0.name == place.name && $0.address.hasPrefix(host)
            }
        }
        admin = found[0]
        listeners = Array(found.dropFirst())
        unmatched = left
    }

    private static func take(from left: inout [HandedSocket], _ isMeant: (HandedSocket) -> Bool) -> HandedSocket? {
        left.firstIndex(where: isMeant).map { left.remove(at: $0) }
    }

    /// As a bound socket says it: an IPv6 address has several spellings.
    private static func text(of address: SocketAddressSetting) -> String {
        let host = (try? SocketAddress(ipAddress: address.host, port: address.port))?.ipAddress ?? address.host
        return SocketAddressSetting(host: host, port: address.port).text
    }
}
