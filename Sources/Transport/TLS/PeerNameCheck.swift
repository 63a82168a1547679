package import NIOCore
package import NIOSSL
import NIOTLS

/// Stands behind the TLS of a connection to a named server, and ends it unless the server's certificate is for that name
/// (RFC 9525 §6.3).
///
/// TLS has checked who signed the certificate, and is content when it is for the address that was connected to, too: whoever
/// lies about the addresses of a name may have a certificate for one of theirs.
package final class PeerNameCheck: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer

    private let name: [UInt8]
    private let seal: ChannelHandlerContext

    /// Adds TLS that demands a certificate for `name`, or for the address that is connected to if it is `nil`, to a channel
    /// without handlers; returns its place. Only on the channel's loop.
    package static func addTLS(
        _ context: NIOSSLContext, for name: String?, to pipeline: ChannelPipeline.SynchronousOperations
    ) throws -> ChannelHandlerContext {
        let handler = try NIOSSLClientHandler(context: context, serverHostname: name)
        try pipeline.addHandler(handler)
        let seal = try pipeline.context(handler: handler)
        if let name { try pipeline.addHandler(PeerNameCheck(name, behind: seal)) }
        return seal
    }

    private init(_ name: String, behind seal: ChannelHandlerContext) {
        self.name = Array(name.lowercased().utf8)
        self.seal = seal
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .some(.handshakeCompleted) = event as? TLSUserEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        guard isForName((seal.handler as? NIOSSLHandler)?.peerCertificate) else {
            context.fireErrorCaught(NIOSSLExtraError.failedToValidateHostname)
            // What waits to be sent is not sent.
            return seal.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func isForName(_ certificate: NIOSSLCertificate?) -> Bool {
        guard let names = certificate?._subjectAlternativeNames() else { return false }
        return names.contains { $0.nameType == .dnsName && PeerNameCheck.matches(name, pattern: Array($0.contents)) }
    }

    /// Whether `name`, in lower case, is what a certificate calls `pattern`: the same, or with another first label where that
    /// is `*` (RFC 9525 §6.3).
    package static func matches(_ name: [UInt8], pattern: [UInt8]) -> Bool {
        let pattern = pattern.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }
        guard pattern.starts(with: "*.".utf8) else { return !name.isEmpty && name == pattern }
        guard let dot = name.firstIndex(of: UInt8(ascii: ".")), dot > 0 else { return false }
        return name[dot...].elementsEqual(pattern.dropFirst())
    }
}

@available(*, unavailable)
extension PeerNameCheck: Sendable {}
