import NIOCore
import Transport
import Wire

/// Error answers of the gateway's own: always a JSON-RPC error, so that no client mistakes the gateway for a server of
/// another era (MCP 2026-07-28, Backward Compatibility).
enum ErrorAnswer {
    /// An answer to a request whose body was not read.
    static func make(_ failure: GatewayFailure, era: MCPEra, closes: Bool) -> HTTPAnswer {
        var body = ByteBuffer()
        GatewayErrorBody.write(failure, era: era, id: nil, into: &body)
        let status = failure.httpStatus(era)
        return HTTPAnswer(
            status: status,
            fields: status == 405
                ? "Content-Type: application/json\r\nAllow: POST, GET, DELETE\r\n"
                : "Content-Type: application/json\r\n",
            body: body, closesConnection: closes)
    }

    /// The error that answers `call`, with its id as it came.
    static func body(_ refusal: Refusal, call: Call, pool: PoolPlan) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(256)
        let retryAfter = refusal.retryAfterSeconds > 0 ? Int64(refusal.retryAfterSeconds) * 1_000 : nil
        let write = { (body: ByteView) in
            var details = GatewayErrorBody.Details(
                message: refusal.detail?.message, retryAfterMilliseconds: retryAfter,
                pool: refusal.failure.httpStatus(call.era) >= 500 ? pool.name : nil)
            details.requestedVersion = refusal.detail?.requestedVersion.map { body[$0] }
            let id = (call.envelope?.id ?? refusal.id).map { body[$0.range] }
            GatewayErrorBody.write(refusal.failure, era: call.era, id: id, details: details, into: &buffer)
        }
        if let request = call.request {
            request.body.withByteView { write($0) }
        } else {
            write(ByteView(UnsafeRawBufferPointer(start: nil, count: 0)))
        }
        return buffer
    }

    /// The whole answer around such a body.
    static func wrap(_ body: ByteBuffer, status: Int, retryAfterSeconds: Int) -> HTTPAnswer {
        var answer = HTTPAnswer(status: status, fields: "Content-Type: application/json\r\n", body: body)
        answer.retryAfterSeconds = status == 503 || status == 429 ? max(retryAfterSeconds, 1) : 0
        return answer
    }

    /// The body for a backend's 4xx that had none, or one that was not JSON-RPC: the same status in our words.
    static func forStatus(_ status: Int, call: Call) -> ByteBuffer {
        let failure: GatewayFailure =
            switch status {
            case 404: call.session == nil ? .notFound : .sessionNotFound
            case 405: .methodNotAllowed
            case 406: .notAcceptable
            case 413: .payloadTooLarge
            case 415: .unsupportedMediaType
            default: .badRequest
            }
        var buffer = ByteBuffer()
        let write = { (body: ByteView) in
            GatewayErrorBody.write(
                failure, era: call.era, id: call.envelope?.id.map { body[$0.range] }, into: &buffer)
        }
        if let request = call.request { request.body.withByteView { write($0) } }
        return buffer
    }
}
