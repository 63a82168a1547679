package import NIOCore

/// Finds the addresses of host names: one more thing that comes from the world and that tests replace.
package protocol NameResolver: Sendable {
    /// The addresses of `name` as text, in any order, perhaps repeated; never an empty list. May be called on any thread; the
    /// future is one of `eventLoop`, which is not kept waiting.
    ///
    /// Fails with a `NameResolutionError`, after `timeout` at the latest.
    func addresses(
        of name: String, within timeout: TimeAmount, on eventLoop: any EventLoop
    ) -> EventLoopFuture<[String]>
}

/// Why a name has no addresses.
package enum NameResolutionError: String, Error, Hashable, Sendable {
    /// Nobody knows the name, or it has no address.
    case notFound = "there is no such name, or it has no address"
    /// Those who would know it did not answer, or not usefully.
    case unavailable = "no name server has answered"
    /// It took too long.
    case timedOut = "the answer did not come in time"
    /// Too many names are being looked up.
    case busy = "too many lookups are under way"
    /// The answer was none.
    case failed = "the resolver of the system has failed"
}
