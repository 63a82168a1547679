import NIOCore
import NIOSSL
import NIOTLS

/// Waits behind the handler that seals a connection until it is sealed or cannot be, and from then on only looks on.
final class TLSWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// What became of the handshake: the certificate that the server has shown, if any, and what went wrong.
    struct Outcome {
        var certificate: NIOSSLCertificate?
        var error: (any Error)?
    }

    private let finished: (Outcome, ChannelHandlerContext) -> Void
    private var isFinished = false

    /// `finished` is called once, on the channel's loop.
    init(finished: @escaping (Outcome, ChannelHandlerContext) -> Void) {
        self.finished = finished
    }

    func handlerAdded(context: ChannelHandlerContext) {
        context.read()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted? = event as? TLSUserEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        finish(nil, context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isFinished else {
            // Such as an end that the server has not sealed: what came before it may lack something.
            context.fireErrorCaught(error)
            return
        }
        finish(error, context)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(ChannelError.eof, context)
        context.fireChannelInactive()
    }

    private func finish(_ error: (any Error)?, _ context: ChannelHandlerContext) {
        guard !isFinished else { return }
        isFinished = true
        let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate()
        finished(Outcome(certificate: certificate, error: error), context)
    }
}

@available(*, unavailable)
extension TLSWatch: Sendable {}
