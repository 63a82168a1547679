/// How the cache is doing, for programs and for people.
package enum CachePage {
    /// The figures as one JSON object.
    package static func json(_ figures: AnswerCache.Figures) -> String {
        "{" + rows(figures).map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    }

    /// What is counted, in the order in which it is shown.
    private static func rows(_ figures: AnswerCache.Figures) -> [(key: String, value: Int)] {
        let counts = figures.counts
        return [
            ("entries", figures.entries), ("bytes", figures.bytes), ("hits", counts.hits), ("stale", counts.stales),
            ("misses", counts.misses), ("waits", counts.waits), ("passes", counts.passes),
            ("insertions", counts.insertions), ("refreshes", counts.refreshes),
            ("invalidations", counts.invalidations), ("evictions", figures.evictions.evictions),
            ("expirations", figures.evictions.expirations), ("flights", figures.flights),
        ]
    }
}
