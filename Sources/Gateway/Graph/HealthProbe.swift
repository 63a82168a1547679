package import NIOCore
package import Transport
import Wire

/// One active check: a connection of its own, one request, one verdict.
///
/// The MCP kind asks `server/discover`; any well-formed JSON-RPC answer says that the server lives, the "no such method"
/// of a legacy server too. The GET kind wants status 200 from its path.
package final class HealthProbe: HTTPClientDelegate {
    /// What is asked, and what counts as life.
    package struct Request: Sendable {
        let bytes: [UInt8]
        let wantsJSONRPC: Bool

        package init(plan: BackendPlan, kind: HealthCheckSettings.Kind) {
            let authority = plan.authority
            switch kind {
            case .get(let path):
                wantsJSONRPC = false
                bytes = Array("GET \(path) HTTP/1.1\r\nHost: \(authority)\r\nConnection: close\r\n\r\n".utf8)
            case .mcp:
                wantsJSONRPC = true
                let body = """
                    {"jsonrpc":"2.0","id":"health","method":"server/discover","params":{"_meta":\
                    {"io.modelcontextprotocol/protocolVersion":"2026-07-28",\
                    "io.modelcontextprotocol/clientInfo":{"name":"mcp-gateway","version":"1"},\
                    "io.modelcontextprotocol/clientCapabilities":{}}}}
                    """
                let head = """
                    POST \(plan.path) HTTP/1.1\r\nHost: \(authority)\r\nConnection: close\r\n\
                    Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
                    MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: server/discover\r\n\
                    Content-Length: \(body.utf8.count)\r\n\r\n
                    """
                bytes = Array((head + body).utf8)
            }
        }
    }

    private static let maximumAnswer = 65_536

    private let request: Request
    private let promise: EventLoopPromise<Bool>
    private let http = HTTPClientConnection()
    private var body = ByteBuffer()
    private var events = SSEParser()
    private var receivedByteCount = 0
    private var isDone = false

    private init(_ request: Request, _ promise: EventLoopPromise<Bool>) {
        self.request = request
        self.promise = promise
    }

    /// Whether the backend lives. Never takes longer than `timeout`.
    package static func run(
        _ request: Request, to address: BackendAddress, timeout: TimeAmount, network: any Network,
        executor: LoopExecutor
    ) async -> Bool {
        let loop = executor.eventLoop
        let future = loop.flatSubmit { () -> EventLoopFuture<Bool> in
            let promise = loop.makePromise(of: Bool.self)
            let probe = HealthProbe(request, promise)
            let bound = NIOLoopBound(probe, eventLoop: loop)
            probe.http.delegate = probe
            let deadline = loop.scheduleTask(in: timeout) { bound.value.finish(false) }
            network.connect(to: address, timeout: timeout, on: loop, connection: probe.http)
            promise.futureResult.whenComplete { _ in deadline.cancel() }
            return promise.futureResult
        }
        return (try? await future.get()) ?? false
    }

    private func finish(_ isAlive: Bool) {
        guard !isDone else { return }
        isDone = true
        http.close()
        promise.succeed(isAlive)
    }

    package func connected(_ connection: HTTPClientConnection) {
        connection.send(ByteBuffer(bytes: request.bytes))
    }

    package func answerHead(on connection: HTTPClientConnection) {
        guard request.wantsJSONRPC else {
            finish(connection.answerHead.response.status == 200)
            return
        }
        if connection.answerHead.response.status >= 500 { finish(false) }
    }

    package func answerBody(_ piece: ByteBuffer, on connection: HTTPClientConnection) {
        receivedByteCount += piece.readableBytes
        guard receivedByteCount <= HealthProbe.maximumAnswer else {
            finish(false)
            return
        }
        body.writeImmutableBuffer(piece)
        // An event stream may stay open after its answer.
        if isEventStream(connection), takeAnswerFromEvents() { finish(true) }
    }

    package func answerReadComplete(on connection: HTTPClientConnection) {}

    package func answerEnd(on connection: HTTPClientConnection) {
        finish(!isEventStream(connection) && body.withByteView { isMessage($0) })
    }

    package func exchangeFailed(_ failure: HTTPClientFailure, on connection: HTTPClientConnection) {
        finish(false)
    }

    package func closedWhileIdle(_ connection: HTTPClientConnection) {
        finish(false)
    }

    private func isEventStream(_ connection: HTTPClientConnection) -> Bool {
        guard let type = connection.answerHead.answerField(.contentType) else { return false }
        return type.withoutParameters.equalsIgnoringCase("text/event-stream")
    }

    /// Takes the events that are complete out of `body`. Whether one of them is an answer.
    private func takeAnswerFromEvents() -> Bool {
        while let block = try? events.next(in: body) {
            let isAnswer = body.withByteView { view in
                block.isMessage && block.joinedData(in: view).withUnsafeBytes { isMessage(ByteView($0)) }
            }
            if isAnswer { return true }
            body.moveReaderIndex(forwardBy: block.byteCount)
        }
        return false
    }

    private func isMessage(_ bytes: ByteView) -> Bool {
        var scratch = JSONScratch(seed: 0)
        guard let envelope = try? JSONRPCEnvelope.scan(bytes, scratch: &scratch) else { return false }
        return envelope.kind == .result || envelope.kind == .error
    }
}

@available(*, unavailable)
extension HealthProbe: Sendable {}
