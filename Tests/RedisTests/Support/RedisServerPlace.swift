import NIOCore
import NIOPosix

/// Ports.
enum RedisServerPlace {
    /// A port of 127.0.0.1 on which nobody listens.
    static func free() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port ?? 0
        try await channel.close().get()
        return port
    }
}
