package import NIOCore
import NIOSSL
import NIOTLS

/// How connections to some servers are sealed, backends or a Redis. Their certificates are always checked, and that they are
/// for the name that was asked for.
///
/// Made once and shared by all loops.
package final class ClientTLS: Sendable {
    /// How long a handshake may take, from the connection on.
    static let handshakeLimit = TimeAmount.seconds(2)

    private let context: NIOSSLContext
    private let serverName: String?

    /// - Parameters:
    ///   - authorities: certificates in PEM, of which one must have signed the server's; `nil`: those that the system
    ///     trusts.
    ///   - identity: what the server is shown if it asks; `nil`: nothing.
    ///   - serverName: the host name for which a server's certificate must be valid; `nil`: the host that `forHost` is given,
    ///     or the address that is connected to.
    /// - Throws: `TLSError` when something cannot be used.
    package convenience init(
        authorities: [UInt8]? = nil, identity: TLSIdentity? = nil, serverName: String? = nil
    ) throws(TLSError) {
        let certificates = try authorities.map { bytes throws(TLSError) in
            try TLSError.of(.authorities) { try NIOSSLCertificate.fromPEMBytes(bytes) }
        }
        try self.init(trusting: certificates, identity, serverName: serverName)
    }

    /// For those that one of the certificates in a file has signed; `nil`: one of those that the system trusts.
    ///
    /// - Throws: `TLSError` when the file cannot be used.
    package convenience init(authorityFile: String?) throws(TLSError) {
        let certificates = try authorityFile.map { file throws(TLSError) in
            try TLSError.of(.authorities) { try NIOSSLCertificate.fromPEMFile(file) }
        }
        try self.init(trusting: certificates, nil, serverName: nil)
    }

    private convenience init(
        trusting certificates: [NIOSSLCertificate]?, _ identity: TLSIdentity?, serverName: String?
    ) throws(TLSError) {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.demandStrength()
        if let certificates {
            guard !certificates.isEmpty else {
                throw TLSError(part: .authorities, reason: "no certificate is in it")
            }
            configuration.trustRoots = .certificates(certificates)
        }
        if let (chain, key) = try identity?.sources() {
            configuration.certificateChain = chain
            configuration.privateKey = key
        }
        let context = try TLSError.of(identity == nil ? .authorities : .certificate) { [configuration] in
            try NIOSSLContext(configuration: configuration)
        }
        self.init(context, serverName: serverName)
    }

    private init(_ context: NIOSSLContext, serverName: String?) {
        self.context = context
        self.serverName = serverName
    }

    /// The same for a server at `host`, whose certificate must be for this name unless another was given.
    package func forHost(_ host: String) -> ClientTLS {
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return ClientTLS(context, serverName: serverName ?? (isAddress ? nil : host))
    }

    /// Adds what seals the connection to a channel without handlers; returns its place. Only on the channel's loop.
    @discardableResult
    package func addHandlers(to pipeline: ChannelPipeline.SynchronousOperations) throws -> ChannelHandlerContext {
        try PeerNameCheck.addTLS(context, for: serverName, to: pipeline)
    }

    /// Does the handshake on `channel`, which has just connected; then makes `connection` its last handler. Only on the
    /// channel's loop. On failure the channel is closed.
    func seal(_ channel: any Channel, for connection: HTTPClientConnection) -> EventLoopFuture<Void> {
        let promise = channel.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(connection, eventLoop: channel.eventLoop)
        do {
            let pipeline = channel.pipeline.syncOperations
            let seal = try addHandlers(to: pipeline)
            // Within the event that says so: what the backend has sent behind the handshake must find somebody.
            let wait = HandshakeWait(behind: seal) { outcome in
                promise.completeWith(
                    outcome.flatMap {
                        Result {
                            bound.value.seal = seal
                            try channel.pipeline.syncOperations.addHandler(bound.value)
                        }
                    })
            }
            try pipeline.addHandler(wait)
        } catch {
            channel.close(promise: nil)
            promise.fail(error)
        }
        return promise.futureResult
    }
}

/// Waits for the end of a handshake with a backend, and not for ever.
private final class HandshakeWait: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let seal: ChannelHandlerContext
    private var end: ((Result<Void, any Error>) -> Void)?
    private var deadline: Scheduled<Void>?

    init(behind seal: ChannelHandlerContext, _ end: @escaping (Result<Void, any Error>) -> Void) {
        self.seal = seal
        self.end = end
    }

    func handlerAdded(context: ChannelHandlerContext) {
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: ClientTLS.handshakeLimit) {
            self.fail(ChannelError.connectTimeout(ClientTLS.handshakeLimit))
        }
        context.read()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        finish(.failure(ChannelError.eof))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .some(.handshakeCompleted) = event as? TLSUserEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        finish(.success(()))
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.failure(ChannelError.eof))
        context.fireChannelInactive()
    }

    private func fail(_ error: any Error) {
        finish(.failure(error))
        seal.close(promise: nil)
    }

    private func finish(_ outcome: Result<Void, any Error>) {
        deadline?.cancel()
        deadline = nil
        let end = end
        self.end = nil
        end?(outcome)
    }
}
