import NIOCore
import Wire

/// Slots in a row and the server that has them.
struct RedisSlotRange: Hashable {
    /// The slots, in 0…16383.
    var slots: ClosedRange<Int>
    /// The master that serves them.
    var master: RedisAddress

    /// Reads the reply to `CLUSTER SLOTS`; `nil` if it is none.
    ///
    /// - Parameter sender: the server that has replied; what it says without a host is at its own.
    static func ranges(_ reply: RESPValue, from sender: RedisAddress) -> [RedisSlotRange]? {
        guard case .array(let elements) = reply else { return nil }
        var ranges: [RedisSlotRange] = []
        var slotCount = 0
        for element in elements {
            guard let parts = element.elements, parts.count >= 3, let first = parts[0].integer,
                let last = parts[1].integer, (0..<Int64(RedisSlot.count)).contains(first),
                (first..<Int64(RedisSlot.count)).contains(last), let node = parts[2].elements, node.count >= 2,
                let port = node[1].integer, (1...65_535).contains(port)
            else { return nil }
            // A server that does not know its own name says nothing or `?`.
            let name = node[0].string.map { String(buffer: $0) } ?? ""
            guard let master = sender.sibling(name == "?" ? "" : name, port: Int(port)) else { return nil }
            // No slot has two masters.
            slotCount += Int(last - first) + 1
            guard slotCount <= RedisSlot.count else { return nil }
            ranges.append(RedisSlotRange(slots: Int(first)...Int(last), master: master))
        }
        return ranges
    }
}

extension RedisAddress {
    /// Another server that this one has named; on this one's host if `host` is empty.
    func sibling(_ host: String, port: Int) -> RedisAddress? {
        guard host.isEmpty else { return .tcp(host: host, port: port) }
        guard case .tcp(let host, _) = self else { return nil }
        return .tcp(host: host, port: port)
    }
}
