import NIOCore
import Transport
import Wire

/// The stream of one `subscriptions/listen` (MCP 2026-07-28, Subscriptions).
///
/// Belongs to its loop.
final class ModernLine: ChangeLine {
    let resources: Set<[UInt8]>
    private var exchange: BackendExchange?
    private var handler: ((ChangeLineEvent) -> Void)?
    private var scratch = JSONScratch(seed: 0)
    private var status = 0
    private var errorCode: Int64?
    private var isAcknowledged = false

    /// A line that is asked for at once; `connect` starts an exchange.
    init(
        _ request: ByteBuffer, naming resources: Set<[UInt8]>, connect: (BackendExchange) -> Void,
        handler: @escaping (ChangeLineEvent) -> Void
    ) {
        self.resources = resources
        self.handler = handler
        let exchange = BackendExchange(request) { [weak self] event in self?.receive(event) }
        self.exchange = exchange
        connect(exchange)
    }

    func subscribe(to resources: Set<[UInt8]>) {
        assertionFailure("a line of the modern era is replaced, not changed")
    }

    func ping() {}

    func close(_ done: @escaping () -> Void) {
        handler = nil
        exchange?.close()
        exchange = nil
        done()
    }

    private func receive(_ event: BackendExchange.Event) {
        switch event {
        case .head(let status, _, _): self.status = status
        case .message(let message): read(message)
        case .comment: handler?(.heard(isKeepAlive: true))
        case .end(_, let hasBegun): end(hasBegun: hasBegun)
        }
    }

    private func read(_ message: ByteBuffer) {
        message.withByteView { bytes in
            guard let envelope = try? JSONRPCEnvelope.scan(bytes, scratch: &scratch) else { return finish() }
            switch envelope.kind {
            case .notification:
                handler?(.heard(isKeepAlive: false))
                guard isAcknowledged else { return acknowledge(envelope, bytes) }
                if let topics = CacheTopic.changed(by: envelope, in: bytes) { handler?(.changed(topics)) }
            case .result:
                // The server is done with the line.
                finish()
            case .error:
                errorCode = envelope.errorCode
                finish()
            case .request, .batch:
                // Modern servers never ask.
                finish()
            }
        }
    }

    /// Nothing may come before the acknowledgement.
    private func acknowledge(_ envelope: JSONRPCEnvelope, _ bytes: ByteView) {
        guard let method = envelope.method, MCPMethod(method, in: bytes) == .notificationsSubscriptionsAcknowledged
        else { return finish() }
        isAcknowledged = true
        let honoured = envelope.params.flatMap { JSONMemberRanges.value(of: "notifications", in: $0, bytes) }
        let named = honoured.flatMap { JSONMemberRanges.value(of: "resourceSubscriptions", in: $0.range, bytes) }
        // Where nothing was asked for, nothing says that it would not be had.
        handler?(.acknowledged(takesResources: resources.isEmpty || named?.kind == .array))
    }

    private func finish() {
        exchange?.close()
        end(hasBegun: true)
    }

    private func end(hasBegun: Bool) {
        exchange = nil
        guard let handler else { return }
        self.handler = nil
        if isAcknowledged { return handler(.lost) }
        handler(.refused(hasBegun ? ListeningMachine.Refusal(status: status, errorCode: errorCode) : .failed))
    }
}

@available(*, unavailable)
extension ModernLine: Sendable {}
