/// What the cache says to a call.
package enum CacheLook: Sendable {
    /// It is answered. Whoever gets a `refresh` is to fetch a new answer beside it.
    case serve(ServedAnswer, refresh: FlightTicket?)
    /// It is to be fetched, for all who ask meanwhile.
    case lead(FlightTicket)
    /// Somebody fetches it already: it is to wait for news.
    case wait(FlightWaiter)
    /// It is to be fetched for itself alone.
    case pass
}

/// An answer out of the cache.
package struct ServedAnswer: Sendable {
    /// The answer.
    package var answer: CachedAnswer
    /// Whether it is fresh.
    package var outcome: CacheOutcome
    /// How old it is.
    package var age: Duration
    /// How long it stays fresh.
    package var remaining: Duration
}

/// What those are told who wait for an answer.
package enum FlightNews: Sendable {
    /// Ask the cache again: there is an answer, or waiting is of no use.
    case lookAgain
    /// The one who fetched has failed: go on in their place.
    case lead(FlightTicket)
}
