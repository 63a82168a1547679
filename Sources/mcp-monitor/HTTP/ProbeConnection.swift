import NIOCore
import NIOPosix
import NIOSSL
import Transport
import Wire

/// A connection of one probe: made, sealed if need be, and used for one request after the other. Belongs to its loop.
final class ProbeConnection: HTTPClientDelegate {
    /// What an exchange has brought.
    struct Outcome: Sendable {
        /// The answer, or why there is none.
        var result: Result<ProbeAnswer, ProbeFailure>
        /// Whether a request was sent on a connection that had been used, which ended without a byte of an answer. The
        /// server may have closed it before it saw the request.
        var isStale = false
    }

    /// Who is at the other end.
    let origin: ServerURL.Origin
    /// When the server's certificate ends, in seconds since 1970; known once it was shown.
    private(set) var certificateExpiry: Int64?

    private let loop: any EventLoop
    private let http = HTTPClientConnection()
    private var opening: EventLoopPromise<ProbeFailure?>?
    private var exchange: EventLoopPromise<Outcome>?
    private var collector: AnswerCollector
    private var wasUsed = false
    private var hasHead = false

    /// A connection that is not made yet.
    init(to origin: ServerURL.Origin, on loop: any EventLoop) {
        self.origin = origin
        self.loop = loop
        collector = AnswerCollector(id: nil, from: origin)
    }

    /// Whether another request may be sent.
    var isReusable: Bool { exchange == nil && http.isReusable }

    /// Makes the connection before `deadline`. Once; only on the loop.
    ///
    /// - Parameter tls: what seals it; not asked for where the origin needs none.
    /// - Returns: why there is none, `nil` when there is one.
    func open(sealedBy tls: NIOSSLContext?, deadline: NIODeadline) -> EventLoopFuture<ProbeFailure?> {
        let promise = loop.makePromise(of: ProbeFailure?.self)
        opening = promise
        http.delegate = self
        expire(promise.futureResult, at: deadline) { [origin] connection in
            connection.finishOpening(ProbeFailure(.timeout, "no connection to \(origin.authority) in time"))
            connection.close()
        }
        let bound = NIOLoopBound(self, eventLoop: loop)
        SocketDialer.connect(
            to: .tcp(host: origin.host, port: origin.port), timeout: max(deadline - .now(), .milliseconds(1)), on: loop
        ) { channel in
            try bound.value.furnish(channel, tls)
        }.whenFailure { error in
            let connection = bound.value
            connection.finishOpening(ConnectFailure.describing(error, connection.origin))
            connection.http.connectFailed()
        }
        return promise.futureResult
    }

    private func furnish(_ channel: any Channel, _ tls: NIOSSLContext?) throws {
        let pipeline = channel.pipeline.syncOperations
        guard origin.isSecure, let tls else {
            try pipeline.addHandler(http)
            return
        }
        // An address stands in a certificate as such, and is compared with the one that was connected to.
        let isAddress = (try? SocketAddress(ipAddress: origin.host, port: origin.port)) != nil
        _ = try PeerNameCheck.addTLS(tls, for: isAddress ? nil : origin.host, to: pipeline)
        try pipeline.addHandler(TLSWatch { [self] outcome, context in sealed(outcome, context) })
    }

    private func sealed(_ outcome: TLSWatch.Outcome, _ context: ChannelHandlerContext) {
        certificateExpiry = outcome.certificate.map { Int64($0.notValidAfter) }
        guard outcome.error == nil else {
            finishOpening(ConnectFailure.describing(handshake: outcome, origin, now: WallClock.seconds()))
            http.connectFailed()
            return
        }
        do {
            try context.pipeline.syncOperations.addHandler(http)
        } catch {
            finishOpening(ProbeFailure(.tlsError, "TLS with \(origin.authority): the server has hung up"))
        }
    }

    /// Sends a request and waits for its answer until `deadline`. Only when reusable; only on the loop.
    ///
    /// - Parameter id: that of its JSON-RPC message; `nil`: the answer is a page.
    func send(_ request: ByteBuffer, id: Int?, deadline: NIODeadline) -> EventLoopFuture<Outcome> {
        let promise = loop.makePromise(of: Outcome.self)
        exchange = promise
        collector = AnswerCollector(id: id, from: origin)
        hasHead = false
        expire(promise.futureResult, at: deadline) { connection in
            connection.finish(.failure(ProbeFailure(.timeout, "no answer in time")))
        }
        http.send(request)
        return promise.futureResult
    }

    /// Ends the connection, and what is under way on it.
    func close() {
        http.close()
        finishOpening(ProbeFailure(.connectError, "the connection was given up"))
        finish(.failure(ProbeFailure(.httpError, "the connection was given up")))
    }

    /// Calls `late` unless `future` is there by `deadline`.
    private func expire<Value>(
        _ future: EventLoopFuture<Value>, at deadline: NIODeadline,
        _ late: @escaping @Sendable (ProbeConnection) -> Void
    ) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let timer = loop.scheduleTask(deadline: deadline) { late(bound.value) }
        future.whenComplete { _ in timer.cancel() }
    }

    private func finishOpening(_ failure: ProbeFailure?) {
        guard let promise = opening else { return }
        opening = nil
        promise.succeed(failure)
    }

    /// Ends the exchange. Unless it went to its end the connection cannot be used again.
    private func finish(_ result: Result<ProbeAnswer, ProbeFailure>, isWhole: Bool = false, isStale: Bool = false) {
        guard let promise = exchange else { return }
        exchange = nil
        wasUsed = true
        if !isWhole { http.close() }
        promise.succeed(Outcome(result: result, isStale: isStale))
    }

    // MARK: Events of the connection

    func connected(_ connection: HTTPClientConnection) {
        finishOpening(nil)
    }

    func answerHead(on connection: HTTPClientConnection) {
        hasHead = true
        collector.begin(connection.answerHead)
    }

    func answerBody(_ piece: ByteBuffer, on connection: HTTPClientConnection) {
        do throws(ProbeFailure) {
            if let answer = try collector.append(piece) { finish(.success(answer)) }
        } catch {
            finish(.failure(error))
        }
    }

    func answerReadComplete(on connection: HTTPClientConnection) {}

    func answerEnd(on connection: HTTPClientConnection) {
        finish(.success(collector.end()), isWhole: true)
    }

    func exchangeFailed(_ failure: HTTPClientFailure, on connection: HTTPClientConnection) {
        finishOpening(ProbeFailure(.connectError, "\(origin.authority) has hung up"))
        switch failure {
        case .connect, .closed:
            let failure = ProbeFailure(.httpError, "the connection ended before the answer did")
            finish(.failure(failure), isStale: wasUsed && !hasHead)
        case .malformed(let error):
            finish(.failure(ProbeFailure(.httpError, "the answer is no HTTP/1.1: \(ProbeFailure.quoted("\(error)"))")))
        case .unexpected, .misused:
            finish(.failure(ProbeFailure(.httpError, "the answer is no HTTP/1.1: more came than was asked for")))
        }
    }

    func closedWhileIdle(_ connection: HTTPClientConnection) {}
}

@available(*, unavailable)
extension ProbeConnection: Sendable {}
