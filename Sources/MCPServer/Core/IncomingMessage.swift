public import NIOCore
public import Wire

/// One message of a client, read and classified by a transport.
public struct IncomingMessage: Sendable {
    /// The JSON text, as it came.
    public var body: ByteBuffer
    /// Where its members are in `body`.
    public var envelope: JSONRPCEnvelope
    /// The revision under which it is to be read and answered.
    public var version: MCPProtocolVersion
    /// What is remembered of the client that sent it, if anything is.
    public var session: ClientSession?
    /// Whether an `initialize` opens a session, in which the client can be told of changes.
    var opensSession = true
    /// Who sent it: the first half of SHA-256 of the credential that was presented; `nil` for nobody.
    var principal: [UInt8]?
    /// The fields `Mcp-Param-*` of its head, of a modern call that came over HTTP; `nil` where there are no heads.
    var parameterFields: [ParameterField]?

    /// A message that was scanned without an error.
    public init(
        body: ByteBuffer, envelope: JSONRPCEnvelope, version: MCPProtocolVersion, session: ClientSession? = nil
    ) {
        self.body = body
        self.envelope = envelope
        self.version = version
        self.session = session
    }
}
