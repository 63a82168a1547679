package import NIOCore
import NIOEmbedded

/// The other end of a simulated connection.
package protocol SimulatedPeer: AnyObject {
    /// The connection is there; `wire` takes what the peer sends.
    func attached(to wire: SimulatedWire)
    /// Bytes have arrived from the gateway.
    func received(_ bytes: ByteBuffer)
    /// The gateway has closed its side, or all of the connection.
    func closed()
}

/// What a socket says whose peer has reset the connection.
private struct SimulatedReset: Error {}

/// The cable between the gateway's channel handler and a peer: delays in both directions, keeps order, delivers only what
/// the handler reads.
package final class SimulatedWire: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundIn = ByteBuffer

    private let network: SimulatedNetwork
    private let outgoing: SimulatedOrder
    private let incoming: SimulatedOrder
    private let peer: any SimulatedPeer
    private var channel: EmbeddedChannel?
    private var unflushed = ByteBuffer()
    /// What has arrived and was not read yet.
    private var arrived: [ByteBuffer] = []
    private var endHasArrived = false
    private var wantsRead = false
    private var isOpen = true
    var onClose: () -> Void = {}

    init(network: SimulatedNetwork, order: SimulatedOrder, peer: any SimulatedPeer) {
        self.network = network
        self.peer = peer
        outgoing = order
        incoming = SimulatedOrder(network.loop.now)
    }

    /// Puts the wire at the end of a new channel with `handlers` and makes it active; its peer is at `address`.
    func attach(_ handlers: [any ChannelHandler], from address: String = "127.0.0.1") {
        let channel = EmbeddedChannel(loop: network.loop)
        self.channel = channel
        peer.attached(to: self)
        do {
            try channel.pipeline.syncOperations.addHandlers([self] + handlers)
            // Makes the channel active.
            channel.connect(to: try SocketAddress(ipAddress: address, port: 1), promise: nil)
        } catch {
            preconditionFailure("a simulated channel could not be set up: \(error)")
        }
    }

    // MARK: From the peer

    /// Sends `bytes` to the gateway, to arrive a little later.
    package func send(_ bytes: ByteBuffer) {
        for piece in network.pieces(of: bytes) {
            network.later(after: incoming) { [self] in
                guard isOpen else { return }
                arrived.append(piece)
                deliver()
            }
        }
    }

    /// Does as `send(_:)` when `pause` has passed.
    package func send(_ bytes: ByteBuffer, after pause: TimeAmount) {
        let bound = NIOLoopBound(self, eventLoop: network.loop)
        network.loop.scheduleTask(in: pause) { bound.value.send(bytes) }
    }

    /// The peer sends nothing more and closes, or resets the connection.
    package func close() {
        network.later(after: incoming) { [self] in
            guard isOpen else { return }
            endHasArrived = true
            deliver()
        }
    }

    /// The peer sends nothing more, and still reads.
    package func endSending() {
        network.later(after: incoming) { [self] in
            guard isOpen, let channel else { return }
            channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
    }

    /// The peer is gone, and what it had not read with it.
    package func reset() {
        network.later(after: incoming) { [self] in
            guard isOpen, let channel else { return }
            arrived = []
            channel.pipeline.fireErrorCaught(SimulatedReset())
            if isOpen { channel.close(promise: nil) }
        }
    }

    private func deliver() {
        guard let channel else { return }
        while isOpen, wantsRead, !arrived.isEmpty {
            wantsRead = false
            channel.pipeline.fireChannelRead(arrived.removeFirst())
            channel.pipeline.fireChannelReadComplete()
        }
        if isOpen, arrived.isEmpty, endHasArrived { channel.close(promise: nil) }
    }

    // MARK: From the gateway

    package func read(context: ChannelHandlerContext) {
        wantsRead = true
        guard !arrived.isEmpty || endHasArrived else { return }
        // Not at once: a socket delivers in a later turn of the loop.
        network.later(after: incoming) { [self] in deliver() }
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var bytes = unwrapOutboundIn(data)
        unflushed.writeBuffer(&bytes)
        promise?.succeed()
    }

    package func flush(context: ChannelHandlerContext) {
        guard unflushed.readableBytes > 0 else { return }
        let bytes = unflushed
        unflushed = ByteBuffer()
        for piece in network.pieces(of: bytes) {
            network.later(after: outgoing) { [self] in peer.received(piece) }
        }
    }

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .output:
            network.later(after: outgoing) { [self] in peer.closed() }
            promise?.succeed()
        case .input, .all:
            if isOpen {
                isOpen = false
                onClose()
                network.later(after: outgoing) { [self] in peer.closed() }
            }
            context.close(mode: .all, promise: promise)
        }
    }
}

@available(*, unavailable)
extension SimulatedWire: Sendable {}
