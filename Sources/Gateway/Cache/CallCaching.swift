/// What the cache has to do with one call.
package struct CallCaching {
    /// What the cache is asked.
    package let question: CacheQuestion
    /// What becomes of a call that the cache had no answer for. Apart, so that those which it has one for carry little.
    private var fetch: Fetch?

    /// A call that goes to a backend, or waits for one that does.
    private final class Fetch {
        var ticket: FlightTicket?
        var waiter: FlightWaiter?
        var waitCount = 0
        var places: SharedPlaces?
        var lock: SharedLock?
        var kept: SharableAnswer?
        var arrived: (answer: CachedAnswer?, verdict: CacheVerdict)?
        var hasOtherMessages = false
    }

    /// Of a call that asks `question`.
    init(_ question: CacheQuestion) {
        self.question = question
    }

    /// Of a call that fetches for others only.
    init(_ ticket: FlightTicket) {
        question = ticket.question
        self.ticket = ticket
    }

    private mutating func fetching() -> Fetch {
        if let fetch { return fetch }
        let fetch = Fetch()
        self.fetch = fetch
        return fetch
    }

    /// The right to fetch the answer for others, as long as it has not come.
    package var ticket: FlightTicket? {
        get { fetch?.ticket }
        set { if newValue != nil || fetch != nil { fetching().ticket = newValue } }
    }

    /// As whom the call waits, while it does.
    package var waiter: FlightWaiter? {
        get { fetch?.waiter }
        set { if newValue != nil || fetch != nil { fetching().waiter = newValue } }
    }

    /// How often it has waited.
    package var waitCount: Int {
        get { fetch?.waitCount ?? 0 }
        set { fetching().waitCount = newValue }
    }

    /// Where the answer is among those that gateways share, once it has been looked for there.
    var places: SharedPlaces? {
        get { fetch?.places }
        set { fetching().places = newValue }
    }

    /// The mark there that this gateway fetches it.
    var lock: SharedLock? {
        get { fetch?.lock }
        set { fetching().lock = newValue }
    }

    /// What has been kept of the answer.
    var kept: SharableAnswer? {
        get { fetch?.kept }
        set { if newValue != nil || fetch != nil { fetching().kept = newValue } }
    }

    /// The answer, where it came before it is known whether all will go well.
    var arrived: (answer: CachedAnswer?, verdict: CacheVerdict)? {
        get { fetch?.arrived }
        set { fetching().arrived = newValue }
    }

    /// Whether other messages came with the answer.
    var hasOtherMessages: Bool {
        get { fetch?.hasOtherMessages ?? false }
        set { fetching().hasOtherMessages = newValue }
    }
}

@available(*, unavailable)
extension CallCaching: Sendable {}
