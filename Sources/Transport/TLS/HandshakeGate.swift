import NIOCore
import NIOTLS

/// Stands behind the TLS of a client connection until its handshake is over: reads nothing before there is a place for it,
/// and closes a connection that takes too long (reliability: "Time-outs").
///
/// ```
///            place free                 handshake completed
/// waiting ───────────────▶ shaking hands ─────────────────▶ (gone from the pipeline)
///    └── 10 s over, closed ─────┴──────▶ ended
/// ```
final class HandshakeGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private enum State {
        case idle, waiting, shakingHands, ended
    }

    /// From the connection to the end of its handshake, the wait included.
    static let limit = TimeAmount.seconds(10)

    private let budget: HandshakeBudget
    /// The place of TLS in the pipeline.
    private let seal: ChannelHandlerContext
    private var state = State.idle
    private var isReadWithheld = false
    private var deadline: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    init(_ budget: HandshakeBudget, behind seal: ChannelHandlerContext) {
        self.budget = budget
        self.seal = seal
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { begin(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(.failed)
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.failed)
        context.fireChannelInactive()
    }

    func read(context: ChannelHandlerContext) {
        if state == .waiting { isReadWithheld = true } else { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        guard case .some(.handshakeCompleted) = event as? TLSUserEvent else { return }
        end(.completed)
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard state == .idle else { return }
        let gate = NIOLoopBound(self, eventLoop: context.eventLoop)
        let loop = context.eventLoop
        deadline = loop.assumeIsolated().scheduleTask(in: HandshakeGate.limit) { self.timeOut() }
        state = .waiting
        if budget.enter(orLater: { loop.execute { gate.value.proceed() } }) { proceed() }
    }

    /// There is a place for the handshake.
    private func proceed() {
        // Somebody who has left meanwhile needs none.
        guard state == .waiting else { return budget.leave() }
        state = .shakingHands
        if isReadWithheld { context?.read() }
    }

    private func timeOut() {
        end(.timeout)
        // Not through TLS, which would wait for an answer to its goodbye.
        seal.close(promise: nil)
    }

    private func end(_ outcome: HandshakeBudget.Outcome) {
        let last = state
        guard last != .ended else { return }
        state = .ended
        deadline?.cancel()
        deadline = nil
        budget.note(outcome)
        if last == .shakingHands { budget.leave() }
    }
}

@available(*, unavailable)
extension HandshakeGate: Sendable {}
