import NIOCore
import Wire

/// The part of a subscription that lives on its loop: a connection that gets messages, and is asked every second whether it
/// still is one.
///
/// It has a connection of its own with RESP3 as well, although pushes could come between replies there: so there is one
/// way for all servers, and a stuck command does not cost messages.
final class RedisSubscriber {
    /// How often the server is asked for a sign of life, and how long that may take.
    private static let pingInterval = TimeAmount.seconds(1)
    private static let pingTimeout = TimeAmount.seconds(1)

    private let link: RedisLink
    private let channels: [String]
    private let eventLoop: any EventLoop
    private let pingTimer: LoopTimer
    private var handler: ((RedisSubscription.Event) -> Void)?
    private var hasBegun = false

    /// Begins at once.
    init(
        _ channels: [String], on eventLoop: any EventLoop, dialer: RedisDialer, status: RedisStatus, seed: UInt64,
        handler: @escaping (RedisSubscription.Event) -> Void
    ) {
        self.channels = channels
        self.eventLoop = eventLoop
        self.handler = handler
        pingTimer = LoopTimer(eventLoop)
        link = RedisLink(
            dialer.options.url.address, found: dialer.makeLocator(on: eventLoop), by: dialer, on: eventLoop,
            status: status, isForSubscriptions: true, seed: seed)
        // Not weak: it goes on until it is closed.
        link.onChange = { isServing in isServing ? self.subscribe() : self.lose() }
        link.onPush = { elements in self.receive(elements) }
        pingTimer.onTime { [weak self] in self?.ping() }
        link.start()
    }

    /// Ends the subscription.
    func close() {
        handler = nil
        pingTimer.end()
        link.close()
    }

    private func subscribe() {
        guard !channels.isEmpty else { return }
        var command = RedisCommand("SUBSCRIBE", isWrite: false)
        for channel in channels { command.append(channel) }
        link.post(command)
        // The reply to this comes behind the confirmations, or is the refusal.
        ping()
    }

    private func ping() {
        link.send(.ping, timeout: RedisSubscriber.pingTimeout) { [weak self] reply in
            guard let self, handler != nil else { return }
            switch reply {
            case .success:
                pingTimer.set(eventLoop.now + RedisSubscriber.pingInterval)
                guard !hasBegun else { return }
                hasBegun = true
                handler?(.began)
            case .failure(let error):
                link.drop(error)
            }
        }
    }

    private func lose() {
        pingTimer.cancel()
        guard hasBegun else { return }
        hasBegun = false
        handler?(.lost)
    }

    private func receive(_ elements: [RESPValue]) {
        guard elements.count == 3, let kind = elements[0].string, kind.withByteView({ $0.equals("message") }),
            let channel = elements[1].string, let text = elements[2].string
        else { return }
        handler?(.message(text: text, channel: channel))
    }
}

@available(*, unavailable)
extension RedisSubscriber: Sendable {}
