/// From whom it is known that answers have become void.
package enum InvalidationSource: Int, CaseIterable, Sendable {
    /// A backend, to whom the gateway listens.
    case listener
    /// A backend, on the stream of a call.
    case call
    /// Nobody: something may have been missed.
    case gap
    /// Another gateway.
    case gateway
    /// The operator.
    case `operator`

    /// The name in metrics.
    package var label: StaticString {
        switch self {
        case .listener: "listener"
        case .call: "call"
        case .gap: "gap"
        case .gateway: "gateway"
        case .operator: "operator"
        }
    }
}
