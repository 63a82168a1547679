import NIOCore
import NIOPosix
import Redis
import Wire

/// A server on a free port of 127.0.0.1 that answers each command as a test says.
final class ScriptedServer: Sendable {
    /// What is done with a command.
    enum Reply: Sendable {
        case bytes(String)
        case nothing
        case close
        case bytesAndClose(String)
    }

    let port: Int
    var url: RedisURL { RedisURL(.tcp(host: "127.0.0.1", port: port)) }
    private let channel: any Channel

    /// Listens. `answer` is given the number of the connection, from 1, and the words of the command.
    static func start(_ answer: @escaping @Sendable (Int, [String]) -> Reply) async throws -> ScriptedServer {
        let counter = Counter()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = counter.add()
                    try channel.pipeline.syncOperations.addHandler(Handler { answer(connection, $0) })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return ScriptedServer(channel)
    }

    /// Answers a handshake like a server of version 7, and every other command as `answer` says.
    static func startAfterHandshake(
        _ answer: @escaping @Sendable (Int, [String]) -> Reply
    ) async throws -> ScriptedServer {
        try await start { connection, words in
            switch words.first {
            case "HELLO": .bytes("%1\r\n+role\r\n+master\r\n")
            case "PING": .bytes("+PONG\r\n")
            default: answer(connection, words)
            }
        }
    }

    private init(_ channel: any Channel) {
        self.channel = channel
        port = channel.localAddress?.port ?? 0
    }

    deinit {
        channel.close(promise: nil)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let answer: ([String]) -> Reply
        private var parser = RESPParser()
        private var inbound = ByteBuffer()

        init(_ answer: @escaping ([String]) -> Reply) {
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var received = unwrapInboundIn(data)
            inbound.writeBuffer(&received)
            while let command = try? parser.next(in: &inbound) {
                let words = (command.elements ?? []).compactMap { $0.string.map { String(buffer: $0) } }
                switch answer(words) {
                case .bytes(let text): context.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
                case .nothing: break
                case .close: context.close(promise: nil)
                case .bytesAndClose(let text):
                    context.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
                    context.close(promise: nil)
                }
            }
        }
    }
}
