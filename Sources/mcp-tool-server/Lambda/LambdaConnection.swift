import NIOCore
import Transport

/// A connection to one server, for code that waits for its answers instead of being called: one exchange after another, each
/// answer taken piece by piece, as fast as it is asked for.
///
/// Belongs to its loop. One task waits on it at a time.
final class LambdaConnection: HTTPClientDelegate {
    /// Where the server is.
    enum Peer: Sendable {
        case host(BackendAddress)
        /// The path of a unix-domain socket.
        case socket(String)
    }

    /// Why an exchange has no complete answer.
    enum Failure: Error, Equatable, CustomStringConvertible {
        /// What the connection says.
        case http(HTTPClientFailure)
        /// The time is up.
        case expired
        /// It was closed from this side.
        case closed

        var description: String {
            switch self {
            case .http(.connect): "no connection can be made"
            case .http(.closed): "the connection was closed"
            case .http(.malformed(let error)): "the answer is not HTTP (\(error))"
            case .http(.unexpected), .http(.misused): "the answer is not one to what was asked"
            case .expired: "the time is up"
            case .closed: "the connection is not used any more"
            }
        }
    }

    private let http = HTTPClientConnection()
    private let eventLoop: any EventLoop
    private var waiting: CheckedContinuation<Void, Never>?
    /// Whether something has happened since the last wait: between looking and waiting, others may have their turn.
    private var hasNews = false
    private var isConnected = false
    private var pieces: CircularBuffer<ByteBuffer> = []
    private var isComplete = false
    private var failure: Failure?

    /// Nothing yet; `connect` follows. On the loop.
    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        http.delegate = self
    }

    /// Whether another request may be sent.
    var isReusable: Bool { failure == nil && isComplete && http.isReusable }

    /// The head of the answer, if it has come.
    private(set) var head: LambdaAnswer.Head?

    // MARK: For those who wait

    /// Connects to `peer` within `timeout`.
    func connect(to peer: Peer, timeout: TimeAmount = .seconds(10)) async throws(Failure) {
        switch peer {
        case .host(let address):
            NIONetwork().connect(to: address, timeout: timeout, on: eventLoop, connection: http)
        case .socket(let path):
            NIONetwork().connect(toSocket: path, timeout: timeout, on: eventLoop, connection: http)
        }
        while !isConnected {
            if let failure { throw failure }
            await wait()
        }
    }

    /// Sends a request, or its beginning; then `sendMore` follows.
    func send(_ request: ByteBuffer, isComplete: Bool = true) {
        head = nil
        pieces = []
        self.isComplete = false
        http.send(request, isComplete: isComplete)
    }

    /// Sends more of a request; returns when the socket has taken it.
    func sendMore(_ bytes: ByteBuffer, isComplete: Bool) async throws(Failure) {
        if let failure { throw failure }
        let promise = eventLoop.makePromise(of: Void.self)
        http.sendMore(bytes, isComplete: isComplete, taken: promise)
        do {
            try await promise.futureResult.get()
        } catch {
            throw failure ?? .http(.closed(sentBytes: true))
        }
    }

    /// The head of the answer.
    func answerHead() async throws(Failure) -> LambdaAnswer.Head {
        while true {
            if let head { return head }
            if let failure { throw failure }
            await wait()
        }
    }

    /// The next piece of the answer's body; `nil` at its end.
    func nextPiece() async throws(Failure) -> ByteBuffer? {
        while true {
            if let piece = pieces.popFirst() { return piece }
            if isComplete { return nil }
            if let failure { throw failure }
            http.resume()
            await wait()
        }
    }

    /// The whole body of the answer; `nil` if it has more than `maximum` bytes, of which the rest is not read.
    func wholeBody(maximum: Int) async throws(Failure) -> ByteBuffer? {
        var body = ByteBuffer()
        while let piece = try await nextPiece() {
            guard piece.readableBytes <= maximum - body.readableBytes else { return nil }
            body.writeImmutableBuffer(piece)
        }
        return body
    }

    /// Ends the connection; whoever waits learns of `reason`.
    func close(_ reason: Failure = .closed) {
        fail(reason)
        http.close()
    }

    /// Returns when something has happened, or may have.
    private func wait() async {
        await withCheckedContinuation { continuation in
            if hasNews {
                hasNews = false
                continuation.resume()
            } else {
                waiting = continuation
            }
        }
    }

    private func wake() {
        guard let waiting else {
            hasNews = true
            return
        }
        self.waiting = nil
        waiting.resume()
    }

    private func fail(_ reason: Failure) {
        if failure == nil { failure = reason }
        wake()
    }

    // MARK: From the connection

    func connected(_ connection: HTTPClientConnection) {
        isConnected = true
        wake()
    }

    func answerHead(on connection: HTTPClientConnection) {
        head = LambdaAnswer.Head(connection.answerHead)
        wake()
    }

    func answerBody(_ piece: ByteBuffer, on connection: HTTPClientConnection) {
        pieces.append(piece)
        // Until it is asked for: what is read ahead is what one read brings.
        connection.pause()
        wake()
    }

    func answerReadComplete(on connection: HTTPClientConnection) {}

    func answerEnd(on connection: HTTPClientConnection) {
        isComplete = true
        wake()
    }

    func exchangeFailed(_ failure: HTTPClientFailure, on connection: HTTPClientConnection) {
        fail(.http(failure))
    }

    func closedWhileIdle(_ connection: HTTPClientConnection) {
        fail(.http(.closed(sentBytes: false)))
    }
}

@available(*, unavailable)
extension LambdaConnection: Sendable {}
