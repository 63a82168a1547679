package import NIOCore
import Wire

/// One request without a body, over a connection of its own: to the pages for operators that a process of ours serves.
package final class SingleRequest: HTTPClientDelegate {
    /// What is answered.
    package struct Answer: Sendable {
        /// The status.
        package var status: Int
        /// The body.
        package var body: String
    }

    /// A configuration of 1 MiB is many times as long when it is explained.
    private static let maximumAnswer = 16 << 20

    private let head: String
    private let promise: EventLoopPromise<Answer?>
    private let http = HTTPClientConnection()
    private var body = ByteBuffer()
    private var isDone = false

    private init(_ head: String, _ promise: EventLoopPromise<Answer?>) {
        self.head = head
        self.promise = promise
    }

    /// What is answered at `address`; `nil` if nobody answers in HTTP within `timeout`, or more than 16 MiB.
    package static func send(
        _ method: String, _ target: String, to address: BackendAddress, timeout: TimeAmount, network: any Network,
        executor: LoopExecutor
    ) async -> Answer? {
        let loop = executor.eventLoop
        let host = address.host.contains(":") ? "[\(address.host)]" : address.host
        var head = "\(method) \(target) HTTP/1.1\r\nHost: \(host):\(address.port)\r\nConnection: close\r\n"
        if method == "POST" { head += "Content-Length: 0\r\n" }
        let text = head + "\r\n"
        let future = loop.flatSubmit { () -> EventLoopFuture<Answer?> in
            let promise = loop.makePromise(of: Answer?.self)
            let request = SingleRequest(text, promise)
            let bound = NIOLoopBound(request, eventLoop: loop)
            request.http.delegate = request
            let deadline = loop.scheduleTask(in: timeout) { bound.value.finish(nil) }
            network.connect(to: address, timeout: timeout, on: loop, connection: request.http)
            promise.futureResult.whenComplete { _ in deadline.cancel() }
            return promise.futureResult
        }
        return try? await future.get()
    }

    private func finish(_ answer: Answer?) {
        guard !isDone else { return }
        isDone = true
        http.close()
        promise.succeed(answer)
    }

    package func connected(_ connection: HTTPClientConnection) {
        connection.send(ByteBuffer(string: head))
    }

    package func answerHead(on connection: HTTPClientConnection) {}

    package func answerBody(_ piece: ByteBuffer, on connection: HTTPClientConnection) {
        body.writeImmutableBuffer(piece)
        if body.readableBytes > SingleRequest.maximumAnswer { finish(nil) }
    }

    package func answerReadComplete(on connection: HTTPClientConnection) {}

    package func answerEnd(on connection: HTTPClientConnection) {
        finish(Answer(status: connection.answerHead.response.status, body: String(buffer: body)))
    }

    package func exchangeFailed(_ failure: HTTPClientFailure, on connection: HTTPClientConnection) { finish(nil) }

    package func closedWhileIdle(_ connection: HTTPClientConnection) { finish(nil) }
}

@available(*, unavailable)
extension SingleRequest: Sendable {}
