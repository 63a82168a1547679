import NIOCore
import NIOSSL
import Synchronization

/// How the connections of one listener are sealed (RFC 8446, RFC 5246), which may change while it listens.
///
/// Each connection that is accepted takes what there is then; those that exist go on as they began. Asked once for each
/// connection.
package final class ListenerTLS: Sendable {
    /// What the listener shows; made off the loops, since it costs as much as some handshakes.
    package struct Certificate: Sendable {
        fileprivate let context: NIOSSLContext

        /// - Throws: `TLSError` when certificate or key cannot be used, or do not belong to each other.
        package init(_ identity: TLSIdentity) throws(TLSError) {
            let (chain, key) = try identity.sources()
            var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: key)
            configuration.demandStrength()
            context = try TLSError.of(.certificate) { [configuration] in
                try NIOSSLContext(configuration: configuration)
            }
        }
    }

    private let certificate: Mutex<Certificate?>
    private let handshakes: HandshakeBudget

    /// A listener that shows `certificate`; `nil`: it speaks plain HTTP. All listeners of a process share `handshakes`.
    package init(_ certificate: Certificate?, _ handshakes: HandshakeBudget) {
        self.certificate = Mutex(certificate)
        self.handshakes = handshakes
    }

    /// Shows `next` to those who come from now on; `nil`: speaks plain HTTP with them.
    package func replace(with next: Certificate?) {
        certificate.withLock { $0 = next }
    }

    /// Makes `connection` the last handler of `channel`, behind TLS if there is any. Only on the channel's loop.
    func furnish(_ channel: any Channel, with connection: HTTPServerConnection) throws {
        let pipeline = channel.pipeline.syncOperations
        guard let context = certificate.withLock({ $0?.context }) else {
            connection.write(past: channel)
            return try pipeline.addHandler(connection)
        }
        let gate = HandshakeGate(handshakes)
        let handler = NIOSSLServerHandler(context: context)
        try pipeline.addHandlers(gate, handler, HandshakeWatch(gate))
        connection.seal = try pipeline.context(handler: handler)
        try pipeline.addHandler(connection)
    }
}
