import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How many client connections the process may have, counted over all event loops and listeners.
///
/// Asked when a connection is accepted and when one ends, never on the path of a call. Listeners that found no room are
/// all woken when a connection ends: nobody knows which of them has clients waiting.
package final class ConnectionBudget: Sendable {
    private struct State {
        var open = 0
        var isHeld = false
        /// As many as there may be by what was said last of the descriptors.
        var ceiling = Int.max
        var waiting: [@Sendable () -> Void] = []

        /// Whether there is room for one more of `limit`.
        func hasRoom(limit: Int) -> Bool { open < min(limit, ceiling) && !isHeld }

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

    /// There are descriptors for `count` connections until this is said again; to be said often enough, and `count` to be
    /// found out between two moments of which the first had `open` connections.
    ///
    /// What is used is measured now and then, and a crowd comes between: without this it would take the last descriptors,
    /// those for backends and operators too, before anybody has seen it.
    package func allow(_ count: Int, besides open: Int) {
        let waiting = state.withLock { state in
            state.ceiling = open + max(count, 0)
            return state.hasRoom(limit: limit) ? state.takeWaiting() : []
        }
        for wake in waiting { wake() }
    }

    /// Whether another connection may be accepted; if not, `wake` is called once when one may be.
    func hasRoom(orWake wake: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            if state.hasRoom(limit: limit) { return true }
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
///
/// Where the system has no descriptor for a connection, it is asked again ten times a second. In between the socket must not
/// be watched: it stays readable, and its loop would do nothing else.
final class AcceptGate: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    private static let pause = TimeAmount.milliseconds(100)

    private let budget: ConnectionBudget
    private var context: ChannelHandlerContext?
    private var isWaiting = false
    /// Whether the system had nothing to accept a connection with.
    private var isPaused = false

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
        guard budget.hasRoom(orWake: { loop.execute { gate.value.resume() } }) else {
            isWaiting = true
            return
        }
        if isPaused {
            isPaused = false
            // Which reads as well.
            watch(true, context)
        } else {
            context.read()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The channel has a pause of its own, which is of no use: a read that has failed is still wanted.
        guard let error = error as? IOError, AcceptGate.isShortage(error) else {
            return context.fireErrorCaught(error)
        }
        guard !isPaused else { return }
        isPaused = true
        watch(false, context)
        let gate = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: AcceptGate.pause) { gate.value.resume() }
    }

    /// Whether the process or the system has come to the end of what connections are made of: accept(2).
    private static func isShortage(_ error: IOError) -> Bool {
        [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode)
    }

    private func watch(_ isOn: Bool, _ context: ChannelHandlerContext) {
        do {
            try context.channel.syncOptions?.setOption(.autoRead, value: isOn)
        } catch {
            // Only of a socket that is closed.
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
