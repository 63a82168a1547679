/// The last thing that went wrong with a backend, for operators.
package struct BackendFailure: Hashable, Sendable {
    /// Where it went wrong.
    package enum Stage: Hashable, Sendable {
        /// A try of a call; how it ended.
        case call(AttemptOutcome)
        /// An active check.
        case check
    }

    /// Where it went wrong.
    package var stage: Stage
    /// When, in milliseconds since 1970.
    package var milliseconds: Int64

    /// A failure at a time.
    package init(_ stage: Stage, atMilliseconds milliseconds: Int64) {
        self.stage = stage
        self.milliseconds = milliseconds
    }

    /// A word for the stage: that of the metric label `outcome`, or `health_check`.
    package var stageLabel: StaticString {
        switch stage {
        case .call(let outcome): outcome.label
        case .check: "health_check"
        }
    }

    /// What happened, as a sentence without its end.
    package var message: StaticString {
        switch stage {
        case .check: "a check was not answered as it should be, or not in time"
        case .call(.connectFailed): "no connection came about"
        case .call(.lost): "the connection ended before the answer did"
        case .call(.serverError): "the answer had a status of 500 or above"
        case .call(.protocolError): "the answer was not what HTTP and JSON-RPC want"
        case .call(.timeout): "no answer came in time"
        case .call(.refused): "the backend asked to be left alone for a while (Retry-After)"
        case .call(.unauthorized): "the backend did not accept the gateway's credentials"
        case .call(.limited): "the backend refused a call for there being too many (429 without Retry-After)"
        case .call(.internalError): "the backend said that it has an internal error (JSON-RPC -32603)"
        case .call(.success), .call(.stale), .call(.clientGone), .call(.superseded): "nothing is wrong with the backend"
        }
    }
}
