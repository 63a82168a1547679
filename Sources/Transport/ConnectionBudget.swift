import NIOCore
import Synchronization

/// How many client connections the process may have, counted over all event loops and listeners.
///
/// Asked when a connection is accepted and when one ends, never on the path of a call. Listeners that found no room are
/// all woken when a connection ends: nobody knows which of them has clients waiting.
package final class ConnectionBudget: Sendable {
    private struct State {
        var open = 0
        var isHeld = false
        var waiting: [@Sendable () -> Void] = []

        /// Those who wait, who do no longer.
        mutating func takeWaiting() -> [@Sendable () -> Void] {
            defer { waiting = [] }
            return waiting
        }
    }

    /// The number of connections, 1….
    package let limit: Int
    /// How many connections a listener accepts before it looks at the budget again: one where each counts, several where
    /// newcomers would otherwise wait a turn of a busy loop each.
    let acceptBatch: UInt

    private let state = Mutex(State())

    /// A budget of `limit` connections.
    package init(limit: Int) {
        self.limit = limit
        acceptBatch = limit < 256 ? 1 : 16
    }

    /// Connections that are open.
    package var openCount: Int { state.withLock { $0.open } }

    /// Whether no connection is accepted, whatever room there is. Those who come meanwhile wait in the kernel's queue.
    package var isHeld: Bool {
        get { state.withLock { $0.isHeld } }
        set {
            let waiting = state.withLock { state in
                state.isHeld = newValue
                return newValue ? [] : state.takeWaiting()
            }
            for wake in waiting { wake() }
        }
    }

    /// Whether another connection may be accepted; if not, `wake` is called once when one may be.
    func hasRoom(orWake wake: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            if state.open < limit, !state.isHeld { return true }
            state.waiting.append(wake)
            return false
        }
    }

    /// Counts a connection that was accepted.
    func take() {
        state.withLock { $0.open += 1 }
    }

    /// Counts a connection that has ended, and wakes whoever waits for room.
    func release() {
        let waiting = state.withLock { state in
            state.open -= 1
            return state.isHeld ? [] : state.takeWaiting()
        }
        for wake in waiting { wake() }
    }
}

/// Stands in the pipeline of a listening socket and stops accepting while the process has as many connections as it may;
/// those who come meanwhile wait in the kernel's queue.
///
/// Each loop looks before it accepts, so loops may together exceed the limit: by one connection each, or 16 each where
/// the limit is 256 or more.
final class AcceptGate: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    private let budget: ConnectionBudget
    private var context: ChannelHandlerContext?
    private var isWaiting = false

    init(_ budget: ConnectionBudget) {
        self.budget = budget
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let budget = budget
        budget.take()
        unwrapInboundIn(data).closeFuture.whenComplete { _ in budget.release() }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        guard !isWaiting else { return }
        let gate = NIOLoopBound(self, eventLoop: context.eventLoop)
        let loop = context.eventLoop
        if budget.hasRoom(orWake: { loop.execute { gate.value.resume() } }) {
            context.read()
        } else {
            isWaiting = true
        }
    }

    private func resume() {
        isWaiting = false
        // Asks again: another loop may have been quicker.
        if let context { read(context: context) }
    }
}

@available(*, unavailable)
extension AcceptGate: Sendable {}
