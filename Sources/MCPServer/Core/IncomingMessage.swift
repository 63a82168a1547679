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

    /// A message that was scanned without an error.
    public init(body: ByteBuffer, envelope: JSONRPCEnvelope, version: MCPProtocolVersion) {
        self.body = body
        self.envelope = envelope
        self.version = version
    }
}
