import Crypto
import MCPServer
import NIOCore
import Wire

/// Whom a rate limit counts a request to: the credential that it presents, else the address that it comes from.
///
/// Of a credential only a part of its SHA-256 is kept. Of an IPv6 address the first 64 bits count: who has one address of
/// such a network as a rule has all of them.
struct CallerKey: Hashable, Sendable {
    private enum Kind: Hashable, Sendable {
        case credential, address4, address6, local
    }

    private let kind: Kind
    private let high: UInt64
    private let low: UInt64

    /// Whom a request counts to.
    init(_ caller: RequestCaller) {
        if let credential = caller.head.requestField(.authorization) ?? CallerKey.apiKey(in: caller.head) {
            self.init(credential: credential)
        } else {
            self.init(address: caller.address)
        }
    }

    /// The holder of a credential.
    init(credential: ByteView) {
        var hash = SHA256()
        hash.update(bufferPointer: credential.raw)
        kind = .credential
        (high, low) = hash.finalize().withUnsafeBytes { digest in
            (
                digest.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                digest.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            )
        }
    }

    /// Whoever is at an address. Everybody who comes over a local socket, or without an address, is one caller.
    init(address: SocketAddress?) {
        switch address {
        case .v4(let address):
            kind = .address4
            high = UInt64(address.address.sin_addr.s_addr)
            low = 0
        case .v6(let address):
            let (first, second) = withUnsafeBytes(of: address.address.sin6_addr) { bytes in
                (
                    bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                    bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                )
            }
            // ::ffff:a.b.c.d is an IPv4 address (RFC 4291 §2.5.5.2).
            if first == 0, UInt32(truncatingIfNeeded: second.littleEndian) == 0xFFFF_0000 {
                kind = .address4
                high = second.littleEndian >> 32
                low = 0
            } else {
                kind = .address6
                high = first
                low = 0
            }
        case .unixDomainSocket, nil:
            kind = .local
            (high, low) = (0, 0)
        }
    }

    /// The value of `X-API-Key`.
    private static func apiKey(in head: HTTPReceivedHead) -> ByteView? {
        for field in head.request.fields.all where field.id == .other && field.name.count == 9 {
            if head.bytes[field.name].equalsIgnoringCase("x-api-key") { return head.bytes[field.value] }
        }
        return nil
    }
}
