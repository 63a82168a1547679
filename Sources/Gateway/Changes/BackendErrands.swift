import NIOCore
import Transport
import Wire

/// Short requests of the gateway's own to one backend, one after the other, over one connection as long as the backend
/// keeps it.
///
/// Belongs to its loop.
final class BackendErrands {
    /// How long one of them may take.
    static let limit = TimeAmount.seconds(5)

    /// What comes of one: the status, 0 if there was no answer, and the message. Of a stream it is the answer on it.
    typealias Outcome = (_ status: Int, _ message: ByteBuffer) -> Void

    private struct Errand {
        var bytes: ByteBuffer
        var onHead: ([UInt8]?) -> Void
        var done: Outcome
    }

    private let maximumWaiting: Int
    private let eventLoop: any EventLoop
    private let connect: (BackendExchange) -> Void
    private var scratch = JSONScratch(seed: 0)
    private var waiting: [Errand] = []
    private var current: BackendExchange?
    private var timer: Scheduled<Void>?
    private var idle: HTTPClientConnection?

    /// Nothing is asked; `connect` starts an exchange. More than `maximumWaiting` requests do not wait.
    init(
        maximumWaiting: Int, on eventLoop: any EventLoop, connect: @escaping (BackendExchange) -> Void
    ) {
        self.maximumWaiting = maximumWaiting
        self.eventLoop = eventLoop
        self.connect = connect
    }

    /// Sends a request after those before it. `onHead` is told the id of a session, and `done` what came of it; they keep
    /// what they capture until then.
    func send(_ bytes: ByteBuffer, onHead: @escaping ([UInt8]?) -> Void = { _ in }, done: @escaping Outcome) {
        guard waiting.count < maximumWaiting else { return }
        waiting.append(Errand(bytes: bytes, onHead: onHead, done: done))
        runNext()
    }

    /// Those who wait do not go out any more; the one on its way is waited for.
    func dropWaiting() { waiting = [] }

    /// Ends all; nothing more is told.
    func close() {
        waiting = []
        timer?.cancel()
        timer = nil
        current?.close()
        current = nil
        idle?.close()
        idle = nil
    }

    private func runNext() {
        guard current == nil, !waiting.isEmpty else { return }
        run(waiting.removeFirst())
    }

    private func run(_ errand: Errand) {
        let connection = idle?.isReusable == true ? idle : nil
        idle = nil
        var status = 0
        var answer = ByteBuffer()
        let isReused = connection != nil
        let exchange = BackendExchange(errand.bytes, over: connection) { event in
            switch event {
            case .head(let headStatus, _, let session):
                status = headStatus
                errand.onHead(session)
            case .message(let message):
                guard self.current?.isStream == true else {
                    answer = message
                    return
                }
                // On a stream, others may come before the answer, and it may stay open behind it.
                guard self.isAnswer(message) else { return }
                self.current?.close()
                self.finish { errand.done(status, message) }
            case .comment:
                break
            case .end(let isWhole, let hasBegun):
                guard isReused, !hasBegun else {
                    return self.finish { errand.done(isWhole ? status : 0, answer) }
                }
                // The backend has closed the connection meanwhile. All of this may be said twice.
                self.timer?.cancel()
                self.current = nil
                self.run(errand)
            }
        }
        current = exchange
        timer = eventLoop.assumeIsolated().scheduleTask(in: BackendErrands.limit) { [weak self] in
            guard let self, current === exchange else { return }
            exchange.close()
            finish { errand.done(0, ByteBuffer()) }
        }
        connect(exchange)
    }

    private func isAnswer(_ message: ByteBuffer) -> Bool {
        message.withByteView { bytes in
            guard let envelope = try? JSONRPCEnvelope.scan(bytes, scratch: &scratch) else { return false }
            return envelope.kind == .result || envelope.kind == .error
        }
    }

    private func finish(_ done: () -> Void) {
        timer?.cancel()
        timer = nil
        idle = current?.reusableConnection
        if idle == nil { current?.close() }
        current = nil
        done()
        runNext()
    }
}

@available(*, unavailable)
extension BackendErrands: Sendable {}
