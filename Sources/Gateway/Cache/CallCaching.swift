/// What the cache has to do with one call.
package struct CallCaching: Sendable {
    /// What the cache is asked.
    package var question: CacheQuestion
    /// The right to fetch the answer for others, as long as it has not come.
    package var ticket: FlightTicket?
    /// As whom the call waits, while it does.
    package var waiter: FlightWaiter?
    /// How often it has waited.
    package var waitCount = 0
    /// Where the answer is among those that gateways share, once it has been looked for there.
    var places: SharedPlaces?
    /// The mark there that this gateway fetches it.
    var lock: SharedLock?
    /// What has been kept of the answer.
    var kept: SharableAnswer?
    /// The answer, where it came before it is known whether all will go well.
    var arrived: (answer: CachedAnswer?, verdict: CacheVerdict)?
    /// Whether other messages came with the answer.
    var hasOtherMessages = false

    /// Of a call that asks `question`.
    init(_ question: CacheQuestion) {
        self.question = question
    }

    /// Of a call that fetches for others only.
    init(_ ticket: FlightTicket) {
        question = ticket.question
        self.ticket = ticket
    }
}
