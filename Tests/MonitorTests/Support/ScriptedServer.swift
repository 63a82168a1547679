import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server on a free port of 127.0.0.1 that answers every request as a test says.
final class ScriptedServer: Sendable {
    /// A request, as far as scripts look at it.
    struct Request: Sendable {
        /// `GET`, `POST` or `DELETE`.
        var verb: String
        /// Path and query.
        var target: String
        /// The JSON-RPC method; empty when there is none.
        var method: String
        /// The id as it stands; empty when there is none.
        var id: String
        /// Head and body.
        var text: String
    }

    /// What becomes of a request.
    enum Reply: Sendable {
        case bytes(String)
        /// These bytes, then the end of the connection.
        case last(String)
        /// These bytes, then these again and again.
        case endless(String, String)
        /// These bytes, then the end of the connection without the end of what seals it.
        case cut(String)
        /// These bytes, after a while.
        case late(TimeAmount, String)
        case close
        case silence

        /// A whole answer.
        static func answer(_ status: Int, _ body: String, head: String = "Content-Type: application/json\r\n") -> Reply
        {
            .bytes("HTTP/1.1 \(status) X\r\n\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }

        /// An event stream that stays open.
        static func events(_ events: String) -> Reply {
            .bytes(
                "HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + String(events.utf8.count, radix: 16) + "\r\n\(events)\r\n")
        }

        /// A redirect.
        static func redirect(_ status: Int, to location: String) -> Reply {
            answer(status, "", head: "Location: \(location)\r\n")
        }

        /// What a modern server with one tool answers.
        static func modern(_ request: Request) -> Reply {
            answer(200, Reply.message(request))
        }

        /// The JSON of that.
        static func message(_ request: Request) -> String {
            let result =
                request.method == "server/discover"
                ? #""supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}"# : #""tools":[{"name":"a"}]"#
            return #"{"jsonrpc":"2.0","id":\#(request.id),"result":{"resultType":"complete",\#(result)}}"#
        }
    }

    let port: Int
    private let channel: any Channel
    private let log: Log

    private final class Log: Sendable {
        let all = Mutex<[Request]>([])
        let connections = Mutex(0)
    }

    /// A server with this script; sealed if `tls` is given. `onConnect` says what becomes of a connection as such.
    static func start(
        tls: NIOSSLContext? = nil, onConnect: Reply = .silence,
        _ script: @escaping @Sendable (Request) -> Reply
    ) async throws -> ScriptedServer {
        let log = Log()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    log.connections.withLock { $0 += 1 }
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    }
                    try channel.pipeline.syncOperations.addHandler(Handler(log, onConnect, script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return ScriptedServer(channel, log)
    }

    private init(_ channel: any Channel, _ log: Log) {
        self.channel = channel
        self.log = log
        port = channel.localAddress?.port ?? 0
    }

    deinit {
        channel.close(promise: nil)
    }

    /// Its endpoint.
    var url: String { "http://127.0.0.1:\(port)/mcp" }

    /// Everything that came, in order.
    var received: [Request] { log.all.withLock { $0 } }

    /// How many connections were accepted.
    var connectionCount: Int { log.connections.withLock { $0 } }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let log: Log
        private let script: @Sendable (Request) -> Reply
        private let onConnect: Reply
        private var text = ""

        init(_ log: Log, _ onConnect: Reply, _ script: @escaping @Sendable (Request) -> Reply) {
            self.log = log
            self.onConnect = onConnect
            self.script = script
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
            while let request = takeRequest() { reply(script(request), context) }
        }

        func channelActive(context: ChannelHandlerContext) {
            reply(onConnect, context)
        }

        private func reply(_ reply: Reply, _ context: ChannelHandlerContext) {
            switch reply {
            case .bytes(let bytes): write(bytes, context)
            case .last(let bytes):
                write(bytes, context)
                context.close(promise: nil)
            case .endless(let first, let again):
                write(first, context)
                repeatForever(again, context)
            case .cut(let bytes):
                write(bytes, context)
                let seal = try? context.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
                (seal ?? context).close(promise: nil)
            case .late(let delay, let bytes):
                let channel = context.channel
                channel.eventLoop.scheduleTask(in: delay) {
                    channel.writeAndFlush(ByteBuffer(string: bytes), promise: nil)
                }
            case .close: context.close(promise: nil)
            case .silence: break
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        private func write(_ bytes: String, _ context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: bytes)), promise: nil)
        }

        private func repeatForever(_ bytes: String, _ context: ChannelHandlerContext) {
            let channel = context.channel
            channel.writeAndFlush(ByteBuffer(string: bytes)).whenSuccess { again(channel) }
            @Sendable func again(_ channel: any Channel) {
                channel.writeAndFlush(ByteBuffer(string: bytes)).whenSuccess { again(channel) }
            }
        }

        private func takeRequest() -> Request? {
            guard let headEnd = text.firstRange(of: "\r\n\r\n") else { return nil }
            let head = text[..<headEnd.lowerBound]
            let length =
                head.firstRange(of: "Content-Length: ").flatMap { Int(head[$0.upperBound...].prefix { $0.isNumber }) }
                ?? 0
            guard text[headEnd.upperBound...].utf8.count >= length else { return nil }
            let bodyEnd = text.utf8.index(headEnd.upperBound, offsetBy: length)
            let body = text[headEnd.upperBound..<bodyEnd]
            func value(_ name: String) -> String {
                guard let start = body.firstRange(of: "\"\(name)\":") else { return "" }
                return body[start.upperBound...].prefix { $0 != "," && $0 != "}" }.filter { $0 != "\"" }
            }
            let words = head.prefix { $0 != "\r\n" }.split(separator: " ")
            let request = Request(
                verb: words.first.map(String.init) ?? "", target: words.dropFirst().first.map(String.init) ?? "",
                method: value("method"), id: value("id"), text: String(text[..<bodyEnd]))
            log.all.withLock { $0.append(request) }
            text = String(text[bodyEnd...])
            return request
        }
    }
}
