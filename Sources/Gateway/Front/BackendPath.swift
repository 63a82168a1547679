import Wire

/// The path of an order to a backend: `/backends/POOL/BACKEND/ORDER`, where BACKEND is the host and port of its URL, those
/// that are connected to, or the whole of what it is called with percent-encoding (RFC 3986 §2.1).
struct BackendPath {
    /// Why a path names no backend, for people.
    struct Complaint: Error {
        let text: String
    }

    /// The name of the pool.
    let pool: String
    /// Who is meant.
    let backend: BackendPlan
    /// What is wanted.
    let order: BackendOrder

    /// What `path` says of these pools; `nil` if it is no such path.
    init?(_ path: String, in pools: [PoolPlan]) throws(Complaint) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 1, parts[0].isEmpty, parts[1] == "backends" else { return nil }
        let orders = BackendOrder.allCases.map(\.rawValue).joined(separator: "|")
        guard parts.count == 5 else { throw Complaint(text: "the path must be /backends/POOL/BACKEND/\(orders)") }
        guard let pool = pools.first(where: { $0.name == parts[2] }) else {
            let names = pools.map(\.name).joined(separator: ", ")
            throw Complaint(text: "there is no pool of this name; there are \(names)")
        }
        guard let order = BackendOrder(rawValue: String(parts[4])) else {
            throw Complaint(text: "a backend is told to \(orders)")
        }
        let name = String(percentDecoding: parts[3]) ?? ""
        let found = pool.backends.filter { $0.authority == name || $0.url == name || $0.addressText == name }
        guard let backend = found.first else {
            let names = pool.backends.map { $0.address.isUnresolved ? $0.authority : $0.addressText }
                .joined(separator: ", ")
            throw Complaint(text: "the pool \(pool.name) has no such backend; it has \(names)")
        }
        guard found.count == 1 else {
            throw Complaint(
                text: "several backends have this host and port: give the whole URL, percent-encoded, or the address")
        }
        (self.pool, self.backend, self.order) = (pool.name, backend, order)
    }
}

extension String {
    /// The text that percent-encoding stands for; `nil` if it is not well formed, or not UTF-8 (RFC 3986 §2.1).
    init?(percentDecoding text: some StringProtocol) {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16),
                digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") })
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        self.init(validating: bytes, as: UTF8.self)
    }
}
