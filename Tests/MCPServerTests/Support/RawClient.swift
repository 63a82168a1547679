import NIOCore
import NIOPosix
import Synchronization
import Testing

/// A connection that sends what it is told, byte for byte, and cuts answers out of what comes back. Each message of the
/// server is judged by the published schemas, whether the test looks at it or not.
final class RawClient: Sendable {
    private struct State {
        var received: [UInt8] = []
        var isClosed = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    /// One answer.
    struct Answer: Sendable {
        var status: Int
        /// Names in lower case.
        var fields: [String: String]
        var body: String
    }

    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let state = Mutex(State())
        let transcript = HTTPTranscript()

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data).readableBytesView
            transcript.receive(bytes)
            change { $0.received.append(contentsOf: bytes) }
        }

        func channelInactive(context: ChannelHandlerContext) {
            change { $0.isClosed = true }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        private func change(_ body: (inout State) -> Void) {
            let waiting = state.withLock { state in
                body(&state)
                defer { state.waiting = nil }
                return state.waiting
            }
            waiting?.resume()
        }

        /// Waits until `find` finds something, or the connection is closed.
        func wait<Found: Sendable>(_ find: @Sendable (inout [UInt8]) -> Found?) async -> Found? {
            while true {
                let (found, isClosed) = state.withLock { (find(&$0.received), $0.isClosed) }
                if found != nil || isClosed { return found }
                await withCheckedContinuation { continuation in
                    let isStale = state.withLock { state in
                        let before = state.received
                        if state.isClosed || find(&state.received) != nil {
                            state.received = before
                            return true
                        }
                        state.waiting = continuation
                        return false
                    }
                    if isStale { continuation.resume() }
                }
            }
        }
    }

    private let channel: any Channel
    private let collector: Collector

    private init(_ channel: any Channel, _ collector: Collector) {
        self.channel = channel
        self.collector = collector
    }

    deinit {
        collector.transcript.judge(sourceLocation: #_sourceLocation)
    }

    /// Connects to a port of this machine.
    static func connect(to address: SocketAddress) async throws -> RawClient {
        let collector = Collector()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(collector) }
            }
            .connect(to: address).get()
        return RawClient(channel, collector)
    }

    /// Sends bytes.
    func send(_ text: String) async throws {
        collector.transcript.send(text.utf8)
        try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    /// Sends bytes.
    func send(bytes: [UInt8]) async throws {
        collector.transcript.send(bytes)
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    /// The next answer; `nil` if the connection ends before it is complete.
    func answer(sourceLocation: SourceLocation = #_sourceLocation) async -> Answer? {
        let answer = await collector.wait { RawClient.cut(&$0) }
        collector.transcript.judge(sourceLocation: sourceLocation)
        return answer
    }

    /// Waits until `text` has come, or the connection is closed; all that has come and was not taken as an answer.
    func received(until text: String, sourceLocation: SourceLocation = #_sourceLocation) async -> String {
        _ = await collector.wait { received in
            String(decoding: received, as: UTF8.self).contains(text) ? true : nil
        }
        collector.transcript.judge(sourceLocation: sourceLocation)
        return collector.state.withLock { String(decoding: $0.received, as: UTF8.self) }
    }

    /// Sends a request and gives the answer.
    func ask(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Answer? {
        try await send(text)
        return await answer(sourceLocation: sourceLocation)
    }

    /// Waits until the server has closed the connection; what it said before is what is given.
    func untilClosed(sourceLocation: SourceLocation = #_sourceLocation) async -> String {
        _ = await collector.wait { _ in Never?.none }
        collector.transcript.judge(isOver: true, sourceLocation: sourceLocation)
        return collector.state.withLock { String(decoding: $0.received, as: UTF8.self) }
    }

    /// Takes nothing more of what the server sends.
    func stopReading() async throws {
        try await channel.setOption(.autoRead, value: false).get()
    }

    /// Says that nothing more will be sent.
    func closeOutput() async throws {
        try await channel.close(mode: .output).get()
    }

    /// Closes the connection.
    func close(sourceLocation: SourceLocation = #_sourceLocation) async {
        try? await channel.close().get()
        collector.transcript.judge(isOver: true, sourceLocation: sourceLocation)
    }

    /// The joined chunks and where they end; `nil` as long as the last one is missing.
    private static func chunkedBody(_ bytes: ArraySlice<UInt8>) -> (body: [UInt8], end: Int)? {
        var body: [UInt8] = []
        var rest = bytes
        while let lineEnd = rest.firstRange(of: Array("\r\n".utf8)) {
            guard let size = Int(String(decoding: rest[..<lineEnd.lowerBound], as: UTF8.self), radix: 16),
                rest.endIndex - lineEnd.upperBound >= size + 2
            else { return nil }
            body += rest[lineEnd.upperBound..<(lineEnd.upperBound + size)]
            rest = rest[(lineEnd.upperBound + size + 2)...]
            if size == 0 { return (body, rest.startIndex) }
        }
        return nil
    }

    private static func cut(_ received: inout [UInt8]) -> Answer? {
        let end = Array("\r\n\r\n".utf8)
        guard let split = received.indices.first(where: { received[$0...].starts(with: end) }) else { return nil }
        var lines = String(decoding: received[..<split], as: UTF8.self).split(separator: "\r\n")[...]
        let status = Int(lines.removeFirst().split(separator: " ")[1]) ?? 0
        var fields: [String: String] = [:]
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            fields[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        if fields["transfer-encoding"] == "chunked" {
            guard let (body, end) = chunkedBody(received[(split + 4)...]) else { return nil }
            received.removeFirst(end)
            return Answer(status: status, fields: fields, body: String(decoding: body, as: UTF8.self))
        }
        let length = fields["content-length"].flatMap { Int($0) } ?? 0
        guard received.count >= split + 4 + length else { return nil }
        let body = String(decoding: received[(split + 4)..<(split + 4 + length)], as: UTF8.self)
        received.removeFirst(split + 4 + length)
        return Answer(status: status, fields: fields, body: body)
    }
}
