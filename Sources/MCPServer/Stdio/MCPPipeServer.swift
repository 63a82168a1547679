public import NIOCore
import NIOPosix
import Transport

/// An MCP server on a pair of pipes, as a client starts it: standard input and output.
///
/// ```
/// try await MCPPipeServer.serve(MCPServer(ServerInfo(name: "demo", version: "1.0"), tools: [Greet()], logger: logger))
/// ```
///
/// Nothing else may be written to standard output; logs belong to standard error.
public enum MCPPipeServer {
    /// Serves the client at the other end until it closes its side and has its answers.
    ///
    /// - Parameters:
    ///   - input: where messages come from; closed at the end, as is `output`.
    ///   - maximumMessageBytes: longer messages are refused.
    ///   - eventLoop: where messages are read; one of the process's own unless given.
    /// - Throws: an error of the system when the descriptors are no pipes, sockets or terminals.
    public static func serve(
        _ server: MCPServer, input: CInt = 0, output: CInt = 1, maximumMessageBytes: Int = 1_048_576,
        on eventLoop: (any EventLoop)? = nil
    ) async throws {
        let eventLoop = eventLoop ?? MultiThreadedEventLoopGroup.singleton.any()
        let executor = LoopExecutor(eventLoop)
        let channel = try await NIOPipeBootstrap(group: eventLoop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        PipeConnection(server, executor: executor, maximumMessageBytes: maximumMessageBytes))
                }
            }
            .takingOwnershipOfDescriptors(input: input, output: output).get()
        try await channel.closeFuture.get()
    }
}
