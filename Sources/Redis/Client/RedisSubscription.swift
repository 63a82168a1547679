package import NIOCore

/// A subscription to channels, which goes on until it is cancelled or forgotten, over as many connections as it takes.
package final class RedisSubscription: Sendable {
    /// What happens.
    package enum Event: Hashable, Sendable {
        /// Messages come from now on. What was said before, or since `lost`, is gone: look at what they tell of.
        case began
        /// Somebody has said `text` on `channel`.
        case message(text: ByteBuffer, channel: ByteBuffer)
        /// No messages come until it begins again.
        case lost
    }

    private let subscriber: NIOLoopBound<RedisSubscriber>
    private let eventLoop: any EventLoop

    init(_ subscriber: NIOLoopBound<RedisSubscriber>, _ eventLoop: any EventLoop) {
        self.subscriber = subscriber
        self.eventLoop = eventLoop
    }

    deinit {
        let subscriber = subscriber
        eventLoop.execute { subscriber.value.close() }
    }

    /// Ends the subscription; when this returns, nothing is told any more.
    package func cancel() async {
        let subscriber = subscriber
        try? await eventLoop.submit { subscriber.value.close() }.get()
    }
}
