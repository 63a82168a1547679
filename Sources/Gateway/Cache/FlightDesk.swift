/// Those of one loop who wait for answers to the calls of others. Belongs to its loop.
package final class FlightDesk {
    private let cache: AnswerCache
    private var waiting: [UInt64: RequestHandler] = [:]

    /// A desk of `cache` where nobody waits.
    package init(_ cache: AnswerCache) {
        self.cache = cache
    }

    /// `handler` waits as `waiter`.
    func add(_ handler: RequestHandler, as waiter: FlightWaiter) {
        waiting[waiter.number] = handler
    }

    /// `waiter` waits no more.
    func remove(_ waiter: FlightWaiter) {
        waiting[waiter.number] = nil
    }

    /// Tells those that still wait.
    func tell(_ waiters: [FlightWaiter], _ news: FlightNews) {
        for waiter in waiters {
            if let handler = waiting.removeValue(forKey: waiter.number) {
                handler.flightNews(news)
            } else if case .lead(let ticket) = news {
                // It left before it heard that the others count on it.
                cache.fail(ticket, at: ticket.startedAt)
            }
        }
    }
}

@available(*, unavailable)
extension FlightDesk: Sendable {}
