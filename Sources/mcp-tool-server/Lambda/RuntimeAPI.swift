import NIOCore
import Transport

/// The Runtime API of AWS Lambda, version 2018-06-01: where events come from and where their answers go.
///
/// ```
/// next ──▶ respond, fail or beginStream ──▶ next …
/// ```
///
/// Waiting for an event has no limit: the process is frozen meanwhile. Belongs to its loop.
final class RuntimeAPI {
    /// Why the API cannot be used any more: the process is to end, and Lambda starts another one.
    struct Failure: Error, CustomStringConvertible {
        /// What was asked for, and what came of it.
        var description: String
    }

    /// Bytes of an answer that is not streamed, as JSON.
    static let maximumAnswerBytes = 6 * 1_024 * 1_024
    /// More than any event has.
    private static let maximumEventBytes = 32 * 1_024 * 1_024
    private static let maximumStatusBytes = 65_536

    private let address: BackendAddress
    private let authority: String
    private let eventLoop: any EventLoop
    private var connection: LambdaConnection?
    private var isWaiting = false
    private var isStopped = false

    /// The API at `address`, used on `eventLoop`.
    init(_ address: BackendAddress, on eventLoop: any EventLoop) {
        self.address = address
        self.eventLoop = eventLoop
        authority = address.host.contains(":") ? "[\(address.host)]:\(address.port)" : "\(address.host):\(address.port)"
    }

    /// Waits for the next invocation; `nil` when there will be none because of `stop`.
    func next() async throws(Failure) -> LambdaInvocation? {
        guard !isStopped else { return nil }
        isWaiting = true
        defer { isWaiting = false }
        do throws(Failure) {
            let (head, event) = try await exchange(
                head("GET", "invocation/next"), maximum: RuntimeAPI.maximumEventBytes)
            guard head.status == 200 else { throw Failure(description: "next: status \(head.status)") }
            guard let invocation = LambdaInvocation(head, event: event) else {
                throw Failure(description: "next: an invocation without an id")
            }
            return invocation
        } catch {
            if isStopped { return nil }
            throw error
        }
    }

    /// No more invocations: who waits for the next one gets none.
    func stop() {
        isStopped = true
        if isWaiting { connection?.close() }
    }

    /// Answers an invocation; the status, 202 if all is well and 413 if the answer is too large.
    func respond(to id: String, _ answer: ByteBuffer) async throws(Failure) -> Int {
        try await post("invocation/\(id)/response", answer)
    }

    /// Says that an invocation has failed; the status.
    func fail(_ id: String, _ failure: LambdaFailure) async throws(Failure) -> Int {
        try await post("invocation/\(id)/error", failure.json, type: failure.type)
    }

    /// Says that the process cannot start; the status.
    func failToStart(_ failure: LambdaFailure) async throws(Failure) -> Int {
        try await post("init/error", failure.json, type: failure.type)
    }

    /// Begins an answer that is streamed, on a connection of its own.
    func beginStream(_ id: String, _ prelude: ByteBuffer) async throws(Failure) -> LambdaStream {
        var request = head("POST", "invocation/\(id)/response")
        request.writeStaticString(
            """
            Lambda-Runtime-Function-Response-Mode: streaming\r
            Content-Type: application/vnd.awslambda.http-integration-response\r
            Transfer-Encoding: chunked\r
            Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r
            \r\n
            """)
        request.writeChunk(prelude)
        let connection = LambdaConnection(eventLoop)
        do throws(LambdaConnection.Failure) {
            try await connection.connect(to: .host(address))
        } catch {
            throw Failure(description: "streaming: \(error)")
        }
        connection.send(request, isComplete: false)
        return LambdaStream(connection)
    }

    // MARK: Exchanges

    private func post(_ path: String, _ body: ByteBuffer, type: String? = nil) async throws(Failure) -> Int {
        var request = head("POST", path)
        if let type { request.writeString("Lambda-Runtime-Function-Error-Type: \(type)\r\n") }
        request.writeString("Content-Type: application/json\r\nContent-Length: \(body.readableBytes)\r\n\r\n")
        request.writeImmutableBuffer(body)
        let (head, _) = try await exchange(request, maximum: RuntimeAPI.maximumStatusBytes)
        // The one status after which Lambda wants to see the process end.
        guard head.status != 500 else { throw Failure(description: "\(path): status 500") }
        return head.status
    }

    private func head(_ method: String, _ path: String) -> ByteBuffer {
        ByteBuffer(
            string: "\(method) /2018-06-01/runtime/\(path) HTTP/1.1\r\nHost: \(authority)\r\n"
                + "User-Agent: mcp-tool-server/\(ToolServer.version)\r\n\(method == "GET" ? "\r\n" : "")")
    }

    private func exchange(
        _ request: ByteBuffer, maximum: Int
    ) async throws(Failure) -> (LambdaAnswer.Head, ByteBuffer) {
        do throws(LambdaConnection.Failure) {
            if let connection, connection.isReusable {
                do throws(LambdaConnection.Failure) {
                    return try await exchange(request, maximum, on: connection)
                } catch .http(.closed) where !isStopped {
                    // It was closed while nobody used it; that came to light only now.
                }
            }
            let connection = LambdaConnection(eventLoop)
            self.connection = connection
            try await connection.connect(to: .host(address))
            return try await exchange(request, maximum, on: connection)
        } catch {
            throw Failure(description: "\(authority) cannot be used: \(error)")
        }
    }

    private func exchange(
        _ request: ByteBuffer, _ maximum: Int, on connection: LambdaConnection
    ) async throws(LambdaConnection.Failure) -> (LambdaAnswer.Head, ByteBuffer) {
        connection.send(request)
        let head = try await connection.answerHead()
        guard let body = try await connection.wholeBody(maximum: maximum) else {
            connection.close()
            throw .http(.unexpected)
        }
        return (head, body)
    }
}

@available(*, unavailable)
extension RuntimeAPI: Sendable {}
