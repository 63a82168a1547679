import NIOCore
import NIOTLS

/// Stands in front of the TLS of a client connection until its handshake is over: what comes first is held until there is a
/// place for the handshake, and a connection that takes too long is closed (reliability: "Time-outs").
///
/// ```
///        first bytes            place free                    completed
/// idle ─────────────▶ waiting ─────────────▶ shaking hands ─────────────▶ (gone from the pipeline)
///   └───────────────────┴── 10 s over, closed ──────┴──────▶ ended
/// ```
///
/// A client that says nothing needs no place; and one that has got the server's part of the handshake, which is the work,
/// keeps its place for no longer than a second: whoever is slow then is slow for himself.
final class HandshakeGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private enum State {
        case idle, waiting, shakingHands, ended
    }

    /// From the connection to the end of its handshake, the wait included.
    private static let limit = TimeAmount.seconds(10)
    /// For how long a handshake counts as one that is under way.
    private static let placeLimit = TimeAmount.seconds(1)

    private let budget: HandshakeBudget
    private var state = State.idle
    /// Under which it waits for a place.
    private var number: UInt64?
    private var holdsPlace = false
    /// What has come while it waits: one reading of the socket, for it reads no more.
    private var held = ByteBuffer()
    private var isReadWithheld = false
    private var deadline: Scheduled<Void>?
    private var placeDeadline: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    init(_ budget: HandshakeBudget) {
        self.budget = budget
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: HandshakeGate.limit) { self.timeOut() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(.failed)
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.failed)
        context.fireChannelInactive()
    }

    func read(context: ChannelHandlerContext) {
        if state == .waiting { isReadWithheld = true } else { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if state == .idle { begin(context) }
        guard state == .waiting else { return context.fireChannelRead(data) }
        held.writeImmutableBuffer(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if state != .waiting { context.fireChannelReadComplete() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard state == .waiting, case .some(.inputClosed) = event as? ChannelEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        // Without its client there is no handshake.
        end(.failed)
        context.close(promise: nil)
    }

    /// The connection is sealed.
    func completed() {
        end(.completed)
        context?.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func begin(_ context: ChannelHandlerContext) {
        let gate = NIOLoopBound(self, eventLoop: context.eventLoop)
        let loop = context.eventLoop
        number = budget.enter(orLater: { loop.execute { gate.value.proceed() } })
        if number == nil { takePlace(context) } else { state = .waiting }
    }

    private func takePlace(_ context: ChannelHandlerContext) {
        state = .shakingHands
        holdsPlace = true
        placeDeadline = context.eventLoop.assumeIsolated().scheduleTask(in: HandshakeGate.placeLimit) {
            self.leavePlace()
        }
    }

    /// There is a place for the handshake.
    private func proceed() {
        // Somebody who has left meanwhile needs none.
        guard state == .waiting, let context else { return budget.leave() }
        number = nil
        takePlace(context)
        let bytes = held
        held = ByteBuffer()
        context.fireChannelRead(wrapInboundOut(bytes))
        if state != .ended { context.fireChannelReadComplete() }
        if state != .ended, isReadWithheld { context.read() }
    }

    private func leavePlace() {
        placeDeadline?.cancel()
        placeDeadline = nil
        guard holdsPlace else { return }
        holdsPlace = false
        budget.leave()
    }

    private func timeOut() {
        end(.timeout)
        context?.close(promise: nil)
    }

    private func end(_ outcome: HandshakeBudget.Outcome) {
        guard state != .ended else { return }
        state = .ended
        held = ByteBuffer()
        deadline?.cancel()
        deadline = nil
        budget.note(outcome)
        if let number { budget.cancel(number) }
        number = nil
        leavePlace()
    }
}

/// Stands behind the TLS of a client connection and tells the gate in front of it when the handshake is over.
final class HandshakeWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let gate: HandshakeGate

    init(_ gate: HandshakeGate) {
        self.gate = gate
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        guard case .some(.handshakeCompleted) = event as? TLSUserEvent else { return }
        gate.completed()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}

@available(*, unavailable)
extension HandshakeGate: Sendable {}

@available(*, unavailable)
extension HandshakeWatch: Sendable {}
