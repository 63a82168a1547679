package import NIOCore
package import Transport
package import Wire

/// One connection to a backend, leased by one call at a time.
///
/// It stands between the channel handler and whoever leases it, so that an idle connection that closes is forgotten and
/// a leased one tells its call. Belongs to its loop.
package final class BackendConnection: HTTPClientDelegate {
    /// The channel handler.
    package let http: HTTPClientConnection
    /// The backend at the other end.
    package let backend: Backend
    /// When the connection attempt began.
    package let createdAt: NIODeadline
    /// Since when it waits for a call.
    package var idleSince: NIODeadline
    /// The one who leases it; `nil` while idle.
    package var lessee: (any BackendLessee)?
    private let shard: Shard

    package init(to backend: Backend, of shard: Shard, at now: NIODeadline) {
        self.backend = backend
        self.shard = shard
        http = HTTPClientConnection(heads: backend.heads)
        self.createdAt = now
        self.idleSince = now
        http.delegate = self
    }

    /// Whether it may be leased at `now`.
    package func isUsable(at now: NIODeadline) -> Bool {
        http.isReusable && now - idleSince < Backend.idleTime && now - createdAt < Backend.maximumAge
    }

    /// Waited for longer than this, a connection is looked at before a call is sent on it, since its end may have arrived
    /// unnoticed; one in steady use is not, which saves a system call.
    private static let trustedTime = TimeAmount.milliseconds(5)

    /// Whether the backend has ended it, although that has not been told yet. `now` is when it was leased.
    func isStale(at now: NIODeadline) -> Bool {
        now - idleSince > BackendConnection.trustedTime && http.hasEndedUnnoticed
    }

    package func connected(_ connection: HTTPClientConnection) {
        if let lessee {
            lessee.attemptConnected(self)
        } else {
            connection.close()
        }
    }

    package func answerHead(on connection: HTTPClientConnection) {
        lessee?.answerHead(connection.answerHead)
    }

    package func answerBody(_ piece: ByteBuffer, on connection: HTTPClientConnection) {
        lessee?.answerBody(piece)
    }

    package func answerEnd(on connection: HTTPClientConnection) {
        lessee?.answerEnd()
    }

    package func answerReadComplete(on connection: HTTPClientConnection) {
        lessee?.answerReadComplete()
    }

    package func exchangeFailed(_ failure: HTTPClientFailure, on connection: HTTPClientConnection) {
        let lessee = self.lessee
        self.lessee = nil
        lessee?.attemptFailed(failure)
    }

    package func closedWhileIdle(_ connection: HTTPClientConnection) {
        shard.executor.enter(shard, Shard.forget, self)
    }
}

@available(*, unavailable)
extension BackendConnection: Sendable {}

/// The call that leases a backend connection.
package protocol BackendLessee: AnyObject {
    /// The connection is open: the request may be sent.
    func attemptConnected(_ connection: BackendConnection)
    /// The head of the answer.
    func answerHead(_ head: HTTPReceivedHead)
    /// A part of the answer's body.
    func answerBody(_ piece: ByteBuffer)
    /// All that has arrived has been told; a good moment to pass it on.
    func answerReadComplete()
    /// The answer is complete.
    func answerEnd()
    /// The try is over without a complete answer.
    func attemptFailed(_ failure: HTTPClientFailure)
}
