import Wire

/// Who may call a listener: the names it is called by, and the pages that may do so (DNS rebinding: MCP, Security).
struct CallerRules: Sendable {
    /// Lower case, without ports; `nil` allows every name.
    private let hosts: [[UInt8]]?
    /// Lower case, exactly as browsers send them.
    private let origins: [[UInt8]]

    /// The rules of a listener that is bound to `host` (an address or a name, as configured) and `port` (as bound), or to a
    /// path: that is no address of its own, so every name may be meant and no origin is its own.
    init(_ settings: HTTPServerSettings, port: Int) {
        let configured = settings.host.lowercased()
        let isLoopback =
            settings.socketPath == nil
            && (configured == "localhost" || configured == "::1" || configured.hasPrefix("127."))
        let ownNames =
            isLoopback
            ? CallerRules.loopbackNames + [configured.contains(":") ? "[\(configured)]" : configured] : []
        let names = settings.allowedHosts.isEmpty ? ownNames : settings.allowedHosts
        hosts = names.isEmpty ? nil : names.map { Array($0.lowercased().utf8) }
        let ownOrigins = ownNames.map { "http://\($0):\(port)" }
        origins = (ownOrigins + settings.allowedOrigins).map { Array($0.lowercased().utf8) }
    }

    private static let loopbackNames = ["localhost", "127.0.0.1", "[::1]"]

    /// Whether a request to `host`, with or without a port, is for this listener.
    func allowsHost(_ host: ByteView) -> Bool {
        guard let hosts else { return true }
        var end = host.count
        // A port is what follows the last colon outside of brackets.
        while end > 0, host[end &- 1] &- 0x30 < 10 { end &-= 1 }
        let name =
            end > 0 && host[end &- 1] == UInt8(ascii: ":") ? host.slice(from: 0, to: end &- 1) : host
        return hosts.contains { CallerRules.matches(name, $0) }
    }

    /// Whether pages of `origin` may call; `null` never may.
    func allowsOrigin(_ origin: ByteView) -> Bool {
        origins.contains { CallerRules.matches(origin, $0) }
    }

    private static func matches(_ text: ByteView, _ lowercased: [UInt8]) -> Bool {
        guard text.count == lowercased.count else { return false }
        for (offset, expected) in lowercased.enumerated() {
            let byte = text[offset]
            if (byte &- 0x41 < 26 ? byte | 0x20 : byte) != expected { return false }
        }
        return true
    }
}
