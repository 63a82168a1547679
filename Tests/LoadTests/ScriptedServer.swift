import NIOCore
import NIOPosix
import Synchronization

/// A server that answers every request as a script says; one loop, loopback only.
final class ScriptedServer: Sendable {
    /// A request, as far as scripts look at it.
    struct Request: Sendable {
        /// `POST` or `DELETE`.
        var verb: String
        /// The JSON-RPC method.
        var method: String
        /// The id as it stands; empty when there is none.
        var id: String
        /// The head and the body.
        var text: String
        /// How many requests came before, over all connections.
        var number: Int
    }

    /// What becomes of a request.
    enum Reply: Sendable {
        /// These bytes.
        case bytes(String)
        /// The end of the connection.
        case close
        /// Nothing.
        case silence

        /// A JSON answer.
        static func json(_ body: String, status: Int = 200, head: String = "") -> Reply {
            .bytes(
                "HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\n\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
        }

        /// A right answer to `request`.
        static func right(_ request: Request) -> Reply {
            .json(#"{"jsonrpc":"2.0","id":\#(request.id),"result":{"content":[]}}"#)
        }
    }

    /// Where it listens.
    let port: Int
    private let channel: any Channel
    private let requests: Log

    private final class Log: Sendable {
        let all = Mutex<[Request]>([])
    }

    /// A server with this script.
    init(_ script: @escaping @Sendable (Request) -> Reply) async throws {
        let log = Log()
        requests = log
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(log, script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    /// Everything that came, in order.
    var received: [Request] { requests.all.withLock { $0 } }

    /// Stops listening.
    func stop() async throws {
        try await channel.close().get()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let log: Log
        private let script: @Sendable (Request) -> Reply
        private var text = ""

        init(_ log: Log, _ script: @escaping @Sendable (Request) -> Reply) {
            self.log = log
            self.script = script
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
            while let request = takeRequest() {
                switch script(request) {
                case .bytes(let bytes): context.writeAndFlush(NIOAny(ByteBuffer(string: bytes)), promise: nil)
                case .close: context.close(promise: nil)
                case .silence: break
                }
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
            var request = Request(
                verb: String(head.prefix { $0 != " " }), method: value("method"), id: value("id"),
                text: String(text[..<bodyEnd]),
                number: 0)
            log.all.withLock { all in
                request.number = all.count
                all.append(request)
            }
            text = String(text[bodyEnd...])
            return request
        }
    }
}
