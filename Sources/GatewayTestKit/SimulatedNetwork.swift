package import NIOCore
package import NIOEmbedded
import Resilience
package import Transport

/// A network in which connections are pairs of queues, time is moved by hand and chance comes from a seed.
///
/// Everything runs on one thread: the one of the test, which must not suspend. `@unchecked Sendable`: the protocol asks
/// for it, and nothing here is ever touched from another thread, which `EmbeddedEventLoop` checks.
package final class SimulatedNetwork: Network, NameResolver, @unchecked Sendable {
    /// The loop whose clock is the clock of the simulation.
    package let loop: EmbeddedEventLoop
    /// The time that bytes, connections and resets take, at least and at most.
    package var delay: ClosedRange<Int64> = 50_000...500_000
    /// Whether what is sent at once may arrive in pieces.
    package var cutsPieces = false
    /// Every connection to a backend that was ever asked for.
    package private(set) var connectionCount = 0
    /// Connections to backends that are open on the gateway's side.
    package private(set) var openCount = 0

    /// What host names stand for; a name that is not here does not exist, and one with no addresses is never answered for.
    package var names: [String: [String]] = [:]
    /// How often a name was looked up.
    package private(set) var lookupCount = 0

    private var random: SeededRandom
    private var backends: [BackendAddress: ScriptedBackend] = [:]

    /// A network on `loop`; the same seed gives the same course of events.
    package init(loop: EmbeddedEventLoop, seed: UInt64) {
        self.loop = loop
        random = SeededRandom(seed: seed)
    }

    /// Puts `backend` at its address.
    package func add(_ backend: ScriptedBackend) {
        backends[backend.address] = backend
    }

    package func randomSeed() -> UInt64 { random.next() }

    /// A number from `range`, by chance.
    package func chance(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    /// `bytes` as they arrive: in one piece, or in up to four.
    func pieces(of bytes: ByteBuffer) -> [ByteBuffer] {
        guard cutsPieces, bytes.readableBytes > 1, chance(0...2) == 0 else { return [bytes] }
        var rest = bytes
        var pieces: [ByteBuffer] = []
        while pieces.count < 3, rest.readableBytes > 1,
            let piece = rest.readSlice(length: chance(1...rest.readableBytes - 1))
        {
            pieces.append(piece)
        }
        return pieces + [rest]
    }

    /// Runs `body` after a time by chance. Things with the same `order` keep their order.
    func later(after order: SimulatedOrder, _ body: @escaping () -> Void) {
        let time = max(loop.now + .nanoseconds(Int64.random(in: delay, using: &random)), order.last + .nanoseconds(1))
        order.last = time
        let bound = NIOLoopBound(body, eventLoop: loop)
        loop.scheduleTask(deadline: time) { bound.value() }
    }

    package func connect(
        to address: BackendAddress, timeout: TimeAmount, on eventLoop: any EventLoop, connection: HTTPClientConnection
    ) {
        guard !address.isUnresolved else {
            let bound = NIOLoopBound(connection, eventLoop: loop)
            return loop.execute { bound.value.connectFailed() }
        }
        connectionCount += 1
        let order = SimulatedOrder(loop.now)
        guard let backend = backends[address], backend.behaviour != .blackHole else {
            let bound = NIOLoopBound(connection, eventLoop: loop)
            loop.scheduleTask(in: timeout) { bound.value.connectFailed() }
            return
        }
        later(after: order) { [self] in
            guard backend.behaviour != .refuse else {
                connection.connectFailed()
                return
            }
            let wire = SimulatedWire(network: self, order: order, peer: backend.accept())
            openCount += 1
            wire.onClose = { [self] in openCount -= 1 }
            wire.attach([connection])
        }
    }

    package func addresses(
        of name: String, within timeout: TimeAmount, on eventLoop: any EventLoop
    ) -> EventLoopFuture<[String]> {
        lookupCount += 1
        let addresses = names[name]
        let isAnswered = addresses?.isEmpty != true
        let time = isAnswered ? TimeAmount.nanoseconds(Int64.random(in: delay, using: &random)) : timeout
        return eventLoop.scheduleTask(in: time) {
            guard isAnswered else { throw NameResolutionError.timedOut }
            guard let addresses else { throw NameResolutionError.notFound }
            return addresses
        }.futureResult
    }

    package func listen(
        host: String, port: Int, loops: [any EventLoop], budget: ConnectionBudget, tls: ListenerTLS?,
        makeHandler: @escaping @Sendable (any EventLoop) -> HTTPServerConnection
    ) async throws -> any BoundListener {
        throw ListenerError(address: "\(host):\(port)", reason: "simulated clients come through SimulatedClient")
    }
}

/// The time of the last event of one direction of one connection: later ones must not overtake it.
final class SimulatedOrder {
    var last: NIODeadline

    init(_ now: NIODeadline) {
        last = now
    }
}
