import NIOCore
import NIOSSL
import Transport

/// Asks a running monitor whether it is well, as `--healthcheck` does.
enum SelfCheck {
    /// How long that may take by default: containers are given two seconds for it.
    static let timeout = TimeAmount.milliseconds(1_500)

    /// Why the monitor at `address` is not well; `nil` if it is.
    static func run(
        _ address: ListenAddress, within limit: TimeAmount = SelfCheck.timeout, on executor: LoopExecutor
    ) async -> String? {
        let address = address.local
        let origin = ServerURL.Origin(isSecure: false, host: address.host, port: address.port)
        let loop = executor.eventLoop
        let deadline = NIODeadline.now() + limit
        let request = "GET /health HTTP/1.1\r\nHost: \(origin.authority)\r\nConnection: close\r\n\r\n"
        let outcome = try? await loop.flatSubmit { () -> EventLoopFuture<ProbeConnection.Outcome> in
            let connection = ProbeConnection(to: origin, on: loop)
            let bound = NIOLoopBound(connection, eventLoop: loop)
            return connection.open(sealedBy: nil, deadline: deadline).flatMap { failure in
                if let failure { return loop.makeSucceededFuture(ProbeConnection.Outcome(result: .failure(failure))) }
                return bound.value.send(ByteBuffer(string: request), id: nil, deadline: deadline)
            }
        }.get()
        switch outcome?.result {
        case .success(let answer) where answer.status == 200: return nil
        case .success(let answer): return "the monitor at \(address) answers \(answer.status)"
        case .failure(let failure): return failure.reason
        case nil: return "the monitor at \(address) cannot be asked"
        }
    }
}
