import NIOCore
import NIOSSL
import Transport

/// Sends the requests of one probe: over one connection as long as it lasts, along redirects, within one time limit.
///
/// An actor of its own, on the loop of its connections: whatever it waits for, it goes on there. A plain class whose methods
/// run where their caller does would not: optimized by Swift 6.3, such a method that ends with waiting for a future returns
/// on whatever thread the future was completed from.
actor ProbeClient {
    nonisolated let executor: LoopExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What is sent to the server itself, and to nobody that it redirects to.
    struct Credentials: Hashable, Sendable {
        /// Header lines, each with its line end.
        var lines = ""
    }

    /// An answer and how long it took.
    struct Exchange: Sendable {
        /// The answer, or why there is none.
        var result: Result<ProbeAnswer, ProbeFailure>
        /// From sending to the end of the answer, over all redirects, without the time to connect.
        var duration = Duration.zero
    }

    /// How many redirects are followed for one request.
    static let maximumRedirects = 5

    private let server: ServerURL
    private let credentials: Credentials
    private let tls: NIOSSLContext
    private var connection: ProbeConnection?

    /// How long each connection took to be made.
    private(set) var connectDurations: [Duration] = []
    /// When the certificate of the server itself ends, in seconds since 1970, if it has shown one.
    private(set) var certificateExpiry: Int64?

    /// A client without a connection.
    init(_ server: ServerURL, _ credentials: Credentials, _ tls: NIOSSLContext, on executor: LoopExecutor) {
        self.server = server
        self.credentials = credentials
        self.tls = tls
        self.executor = executor
    }

    /// Sends `request` to `url` and waits for the answer until `deadline`.
    func send(_ request: ProbeRequest, to url: ServerURL, deadline: NIODeadline) async -> Exchange {
        var url = url
        var duration = Duration.zero
        func failed(_ status: ProbeStatus, _ reason: String) -> Exchange {
            Exchange(result: .failure(ProbeFailure(status, "\(request.step.rawValue): \(reason)")), duration: duration)
        }
        for _ in 0...ProbeClient.maximumRedirects {
            var answer: ProbeAnswer
            do throws(ProbeFailure) {
                answer = try await sendOnce(request, to: url, deadline: deadline, &duration)
            } catch {
                return failed(error.status, error.reason)
            }
            switch Redirect(answer, verb: request.verb, from: url) {
            case .none:
                answer.isFromElsewhere = url.origin != server.origin
                return Exchange(result: .success(answer), duration: duration)
            case .refuse(let reason):
                return failed(.httpError, reason)
            case .follow(let next):
                url = next
            }
        }
        return failed(.httpError, "more than \(ProbeClient.maximumRedirects) redirects")
    }

    /// Ends the connection.
    func close() {
        connection?.close()
        connection = nil
    }

    private func sendOnce(
        _ request: ProbeRequest, to url: ServerURL, deadline: NIODeadline, _ duration: inout Duration
    ) async throws(ProbeFailure) -> ProbeAnswer {
        let bytes = self.bytes(of: request, to: url)
        var mayRepeat = true
        while true {
            let connection = try await connection(to: url.origin, deadline: deadline)
            let start = NIODeadline.now()
            let outcome = try await wait(for: connection.send(bytes, id: request.id, deadline: deadline))
            duration += .nanoseconds((NIODeadline.now() - start).nanoseconds)
            // A tool may do something each time it is called (RFC 9110 §9.2.2).
            if outcome.isStale, mayRepeat, request.step != .callTool {
                mayRepeat = false
                continue
            }
            return try outcome.result.get()
        }
    }

    private func connection(
        to origin: ServerURL.Origin, deadline: NIODeadline
    ) async throws(ProbeFailure) -> ProbeConnection {
        if let connection, connection.isReusable, connection.origin == origin { return connection }
        close()
        let start = NIODeadline.now()
        let fresh = ProbeConnection(to: origin, on: executor.eventLoop)
        connection = fresh
        let failure = try await wait(for: fresh.open(sealedBy: tls, deadline: deadline))
        if origin == server.origin, let expiry = fresh.certificateExpiry { certificateExpiry = expiry }
        if let failure { throw failure }
        connectDurations.append(.nanoseconds((NIODeadline.now() - start).nanoseconds))
        return fresh
    }

    private func wait<Value: Sendable>(for future: EventLoopFuture<Value>) async throws(ProbeFailure) -> Value {
        do {
            return try await future.get()
        } catch {
            // Nobody fails these futures; only a loop that has ended could.
            throw ProbeFailure(.httpError, "the probe was given up")
        }
    }

    private func bytes(of request: ProbeRequest, to url: ServerURL) -> ByteBuffer {
        var head = "\(request.verb) \(url.target) HTTP/1.1\r\nHost: \(url.origin.authority)\r\n"
        head += "User-Agent: mcp-monitor/\(MonitorCommand.version)\r\n"
        head += request.lines
        // Where a redirect leads to is for the one who redirects to say, and so must not get what is meant for the server.
        if url.origin == server.origin { head += credentials.lines }
        if let session = request.session, session.origin == url.origin { head += "Mcp-Session-Id: \(session.id)\r\n" }
        if request.verb == "POST" { head += "Content-Length: \(request.body.utf8.count)\r\n" }
        return ByteBuffer(string: "\(head)\r\n\(request.body)")
    }
}
