package import NIOCore
package import Transport
package import Wire

/// A second attempt of a call beside the first one, which has not been answered for long (J. Dean and L. A. Barroso, "The
/// tail at scale", CACM 2013).
///
/// It waits for the head of an answer and no longer: the first good head wins, and the other attempt ends without a word.
/// Belongs to the loop of its call.
package final class HedgeAttempt: BackendLessee {
    /// Who is asked.
    package let backend: Backend
    /// The connection that is leased for it.
    package let connection: BackendConnection
    /// The permit of the attempt.
    package let permit: BackendStatus.Permit
    /// What it takes of the room that there is.
    let place: Place
    /// When it began.
    package let startedAt: NIODeadline
    /// Whether the connection is open already.
    let isConnected: Bool
    /// The call; `nil` when the attempt has been taken over or has ended.
    weak var handler: RequestHandler?

    init(
        _ backend: Backend, _ permit: BackendStatus.Permit, _ place: Place, over connection: BackendConnection,
        isConnected: Bool, at now: NIODeadline
    ) {
        self.place = place
        self.backend = backend
        self.permit = permit
        self.connection = connection
        self.isConnected = isConnected
        startedAt = now
    }

    package func attemptConnected(_ connection: BackendConnection) { handler?.send(on: connection) }

    package func answerHead(_ head: HTTPReceivedHead) { handler?.hedgeAnswered(self, head) }

    package func attemptFailed(_ failure: HTTPClientFailure) { handler?.hedgeFailed(self, AttemptOutcome(failure)) }

    package func answerBody(_ piece: ByteBuffer) {}
    package func answerReadComplete() {}
    package func answerEnd() {}
}

@available(*, unavailable)
extension HedgeAttempt: Sendable {}
