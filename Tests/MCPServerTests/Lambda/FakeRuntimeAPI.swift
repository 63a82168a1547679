import NIOCore
import NIOPosix
import Synchronization
import Testing
import Wire

/// The Runtime API of AWS Lambda, made for tests and spoken over real HTTP: hands out the events it is given and keeps what
/// comes back, chunk by chunk.
final class FakeRuntimeAPI: Sendable {
    /// What a function has sent.
    struct Report: Sendable {
        /// What follows `/2018-06-01/runtime/`, with `ID` in place of the id.
        var path: String
        /// Names in lower case.
        var fields: [String: String]
        /// The body as it was cut into chunks; one piece if it was not.
        var chunks: [[UInt8]]
        /// Names in lower case.
        var trailers: [String: String]

        var body: [UInt8] { Array(chunks.joined()) }
        var json: JSONValue? { try? JSONValue.parse(body) }
    }

    private struct State {
        var events: [(id: String, answer: String)] = []
        var waiting: [any Channel] = []
        var reports: [String: Report] = [:]
        var continuations: [String: CheckedContinuation<Void, Never>] = [:]
        var connections: [any Channel] = []
        var connectionCount = 0
        var status = 202
    }

    private let state = Mutex(State())
    private let listener: any Channel

    private init(_ listener: any Channel) {
        self.listener = listener
    }

    /// Listens on a free port.
    static func start() async throws -> FakeRuntimeAPI {
        let box = Mutex<FakeRuntimeAPI?>(nil)
        let holder = Holder(box: box)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Connection(holder))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let api = FakeRuntimeAPI(channel)
        holder.box.withLock { $0 = api }
        return api
    }

    private final class Holder: Sendable {
        let box: Mutex<FakeRuntimeAPI?>
        init(box: consuming Mutex<FakeRuntimeAPI?>) { self.box = box }
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    var address: String { "127.0.0.1:\(listener.localAddress?.port ?? 0)" }

    /// Connections that were made until now.
    var connectionCount: Int { state.withLock { $0.connectionCount } }

    /// Whether a function waits for an event.
    var isAsked: Bool { state.withLock { !$0.waiting.isEmpty } }

    /// The status of the answers to reports from now on.
    func answer(with status: Int) {
        state.withLock { $0.status = status }
    }

    /// Accepts no more connections and ends those that there are.
    func stop() async {
        try? await listener.close().get()
        let connections = state.withLock { $0.connections }
        for channel in connections { try? await channel.close().get() }
    }

    /// Hands out an event and waits for what is reported of it, which is judged. `fields` are whole header lines.
    func invoke(
        _ event: String, fields: [String] = [], sourceLocation: SourceLocation = #_sourceLocation
    ) async -> Report {
        let id = "8476a536-e9f4-11e8-9739-\(UInt32.random(in: .min ... .max))"
        let head = (["Lambda-Runtime-Aws-Request-Id: \(id)", "Content-Length: \(event.utf8.count)"] + fields)
            .map { $0 + "\r\n" }.joined()
        state.withLock { $0.events.append((id, "HTTP/1.1 200 OK\r\n\(head)\r\n\(event)")) }
        handOut()
        let report = await report(id)
        judge(report, of: event, sourceLocation: sourceLocation)
        return report
    }

    /// Waits for the report of a start that failed.
    func initError() async -> Report { await report("init") }

    private func report(_ id: String) async -> Report {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.reports[id] == nil { state.continuations[id] = continuation }
                return state.reports[id] != nil
            }
            if isThere { continuation.resume() }
        }
        return state.withLock { $0.reports[id] } ?? Report(path: "", fields: [:], chunks: [], trailers: [:])
    }

    private func handOut() {
        while true {
            let next = state.withLock { state -> (any Channel, String)? in
                guard !state.events.isEmpty, !state.waiting.isEmpty else { return nil }
                return (state.waiting.removeFirst(), state.events.removeFirst().answer)
            }
            guard let (channel, answer) = next else { return }
            channel.writeAndFlush(ByteBuffer(string: answer), promise: nil)
        }
    }

    private func receive(_ method: String, _ path: String, _ report: Report, _ channel: any Channel) {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.starts(with: ["2018-06-01", "runtime"]) else { return refuse(channel) }
        if method == "GET", parts.dropFirst(2) == ["invocation", "next"] {
            state.withLock { $0.waiting.append(channel) }
            return handOut()
        }
        let id = parts.count == 5 ? parts[3] : parts.dropFirst(2) == ["init", "error"] ? "init" : ""
        guard method == "POST", !id.isEmpty else { return refuse(channel) }
        let (continuation, status) = state.withLock { state in
            var report = report
            report.path = parts.count == 5 ? "invocation/ID/\(parts[4])" : "init/error"
            state.reports[id] = report
            return (state.continuations.removeValue(forKey: id), state.status)
        }
        channel.writeAndFlush(
            ByteBuffer(string: "HTTP/1.1 \(status) X\r\nContent-Length: 16\r\n\r\n{\"status\":\"any\"}"), promise: nil)
        continuation?.resume()
    }

    private func refuse(_ channel: any Channel) {
        channel.writeAndFlush(ByteBuffer(string: "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n"), promise: nil)
    }

    /// Cuts requests out of what one connection brings.
    private final class Connection: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let holder: Holder
        private var received: [UInt8] = []
        /// The request whose body is being received: its first words, and what has come.
        private var current: (words: [String], report: Report)?

        init(_ holder: Holder) {
            self.holder = holder
        }

        func channelActive(context: ChannelHandlerContext) {
            let channel = context.channel
            holder.box.withLock { $0 }?.state.withLock { state in
                state.connectionCount += 1
                state.connections.append(channel)
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            let channel = context.channel
            holder.box.withLock { $0 }?.state.withLock { state in
                state.waiting.removeAll { $0 === channel }
                state.connections.removeAll { $0 === channel }
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += unwrapInboundIn(data).readableBytesView
            while let (method, path, report) = next() {
                holder.box.withLock { $0 }?.receive(method, path, report, context.channel)
            }
        }

        private func next() -> (String, String, Report)? {
            var rest = received[...]
            defer { received = Array(rest) }
            if current == nil {
                guard let head = FakeRuntimeAPI.lines(&rest) else { return nil }
                let fields = FakeRuntimeAPI.fields(head.dropFirst())
                let report = Report(path: "", fields: fields, chunks: [], trailers: [:])
                current = (head[0].split(separator: " ").map(String.init), report)
            }
            guard let (words, fields) = current.map({ ($0.words, $0.report.fields) }), takeBody(&rest, fields),
                let report = current?.report
            else { return nil }
            current = nil
            return (words[0], words[1], report)
        }

        /// Whether the body is complete.
        private func takeBody(_ rest: inout ArraySlice<UInt8>, _ fields: [String: String]) -> Bool {
            guard fields["transfer-encoding"] == "chunked" else {
                let length = fields["content-length"].flatMap { Int($0) } ?? 0
                guard rest.count >= length else { return false }
                if length > 0 { current?.report.chunks = [Array(rest.prefix(length))] }
                rest = rest.dropFirst(length)
                return true
            }
            while let end = rest.firstRange(of: Array("\r\n".utf8)),
                let size = Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16)
            {
                if size == 0 {
                    var trailing = rest[end.upperBound...]
                    guard let trailers = FakeRuntimeAPI.lines(&trailing) else { return false }
                    current?.report.trailers = FakeRuntimeAPI.fields(trailers[...])
                    rest = trailing
                    return true
                }
                guard rest.endIndex - end.upperBound >= size + 2 else { return false }
                current?.report.chunks.append(Array(rest[end.upperBound...].prefix(size)))
                rest = rest[(end.upperBound + size + 2)...]
            }
            return false
        }
    }

    /// The lines up to the next empty one, which are taken away; `nil` as long as that is missing.
    private static func lines(_ bytes: inout ArraySlice<UInt8>) -> [String]? {
        var rest = bytes
        var lines: [String] = []
        while let end = rest.firstRange(of: Array("\r\n".utf8)) {
            let line = rest[..<end.lowerBound]
            rest = rest[end.upperBound...]
            if line.isEmpty {
                bytes = rest
                return lines
            }
            lines.append(String(decoding: line, as: UTF8.self))
        }
        return nil
    }

    private static func fields(_ lines: ArraySlice<String>) -> [String: String] {
        var fields: [String: String] = [:]
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            fields[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        return fields
    }
}
