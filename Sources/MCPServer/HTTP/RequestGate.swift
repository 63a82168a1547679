import NIOCore
import Transport
import Wire

/// Asks the admission of the settings about a request, and words its refusal.
enum RequestGate {
    /// How a request is refused; `nil` if it is served.
    static func refusal(
        of request: HTTPServerRequest, for target: EndpointRules.Target, on connection: HTTPServerConnection,
        _ loop: EndpointLoop
    ) -> HTTPAnswer? {
        guard let admission = loop.settings.admission else { return nil }
        if case .page = target { return nil }
        let caller = RequestCaller(
            head: request.received, address: connection.remoteAddress, now: loop.context.eventLoop.now)
        guard case .refuse(let seconds) = admission.decide(caller) else { return nil }
        loop.metrics.record(refusal: .rateLimited)
        var refusal = EndpointRefusal(
            failure: .rateLimited, era: EndpointRules.era(request.head.fields, request.headBytes))
        // So that a client can tell which of its calls it was. What is no message has no id.
        refusal.id = request.body.withByteView { body in
            (try? JSONRPCEnvelope.scan(body, scratch: &loop.scratch))?.id
        }
        var answer = refusal.answer(to: request.body)
        answer.retryAfterSeconds = max(seconds, 1)
        return answer
    }
}
