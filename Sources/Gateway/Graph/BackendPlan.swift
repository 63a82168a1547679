import Crypto
import NIOCore
package import Transport
import Wire

/// One backend, as far as it is the same in every shard.
package final class BackendPlan: Sendable {
    /// Where to connect: an IP address or `localhost`, or nowhere as long as none is known of the name. What was checked is
    /// what is connected to.
    package let address: BackendAddress
    /// Host and port as `Host` names them.
    package let authority: String
    /// The path of the MCP endpoint.
    package let path: String
    /// The URL, for metrics, logs and people; with `@` and the address if its name has several.
    package let url: String
    /// The URL as a JSON string, quotes included, for the access log.
    package let urlJSON: [UInt8]
    /// Names this backend in sealed session ids; the same on all replicas with the same configuration.
    package let key: UInt64
    /// Share of the calls, 1…1000.
    package let weight: Int
    /// Only used when no other backend can be.
    package let isBackup: Bool
    /// In another zone than the gateway, or in none that is known, while the gateway's is.
    package let isRemote: Bool
    /// Everything in front of the forwarded fields of a request, by method.
    package let requestStarts: RequestStarts
    /// What the whole process knows of it.
    package let status: BackendStatus
    /// How it is listened to.
    package let listening = ListeningStatus()

    /// The plan of `backend` at `place` in the pool named `pool`, for a gateway in `zone` if that is known; `status` is
    /// asked for what is known of the backend with a key. `tls` seals connections to URLs that want that.
    init(
        _ backend: BackendConfiguration, at place: BackendPlace, pool: String, zone: String?, tls: ClientTLS?,
        status: (_ key: UInt64) -> BackendStatus
    ) {
        address = BackendPlan.address(place, of: backend.url, tls)
        authority = backend.url.authority
        path = backend.url.path
        url = place.label
        urlJSON = Array(jsonString: place.label)
        // The same on every replica with the same file, and another one in another pool.
        key = SHA256.hash(data: Array("\(pool)\n\(place.identity)".utf8)).prefix(8)
            .reduce(0) { $0 << 8 | UInt64($1) }
        weight = backend.weight
        isBackup = backend.isBackup
        isRemote = zone != nil && backend.zone != zone
        requestStarts = RequestStarts(authority: backend.url.authority, path: backend.url.path)
        self.status = status(key)
    }

    private static func address(_ place: BackendPlace, of url: EndpointURL, _ tls: ClientTLS?) -> BackendAddress {
        guard url.scheme == .https else { return place.address }
        // Without TLS nobody connects: nothing is sent in the clear that was meant to be sealed.
        guard let tls else { return .unresolved(name: url.host, port: url.port) }
        var address = place.address
        address.tls = tls.forHost(url.host)
        return address
    }
}

extension BackendPlan {
    /// Host and port that are connected to, IPv6 in brackets.
    var addressText: String {
        address.host.contains(":") ? "[\(address.host)]:\(address.port)" : "\(address.host):\(address.port)"
    }
}

extension [UInt8] {
    /// `text` as a JSON string, quotes included.
    init(jsonString text: String) {
        var buffer = ByteBuffer()
        buffer.writeJSONString(text)
        self = Array(buffer.readableBytesView)
    }
}
