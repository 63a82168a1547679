/// What one JSON-RPC 2.0 message says of itself, as ranges over its bytes: what kind of message it is, its id, and the
/// members that an MCP gateway looks at. Everything else is validated and left where it is.
///
/// The offsets count from the first byte that was given to `scan`.
public struct JSONRPCEnvelope: Hashable, Sendable {
    /// The kinds of messages.
    public enum Kind: UInt8, Hashable, Sendable {
        /// `method` and `id`.
        case request
        /// `method` without `id`.
        case notification
        /// An answer with `result`.
        case result
        /// An answer with `error`.
        case error
        /// An array of messages (JSON-RPC 2.0 §6; MCP 2025-03-26 only). Whether one is welcome is for others to say.
        case batch
    }

    /// What kind of message it is.
    public var kind: Kind
    /// The id; `nil` in notifications, batches, and errors without one (JSON-RPC 2.0 §5).
    public var id: JSONRPCID?
    /// The method, in requests and notifications.
    public var method: JSONText?

    /// The kind of `params`: object or array; `nil` if there are none.
    public var paramsKind: JSONKind?
    /// `params`, the whole value.
    public var params: ByteRange?
    /// `params.arguments`, the whole value, of any kind.
    public var arguments: ByteRange?
    /// `params._meta`, the whole value, of any kind.
    public var meta: ByteRange?
    /// The kind of `params._meta`; `nil` if it is absent.
    public var metaKind: JSONKind?

    /// `params.name`, if it is text.
    public var name: JSONText?
    /// `params.uri`, if it is text.
    public var uri: JSONText?
    /// `params.taskId`, if it is text.
    public var taskID: JSONText?
    /// `params.protocolVersion`, if it is text (`initialize`).
    public var protocolVersion: JSONText?

    /// `params._meta["io.modelcontextprotocol/protocolVersion"]`, if it is text.
    public var metaProtocolVersion: JSONText?
    /// Whether `params._meta["io.modelcontextprotocol/protocolVersion"]` is there, as text or anything else.
    public var hasMetaProtocolVersion = false
    /// The kind of `params._meta["io.modelcontextprotocol/clientCapabilities"]`; `nil` if it is absent.
    public var metaClientCapabilitiesKind: JSONKind?
    /// The kind of `params._meta["io.modelcontextprotocol/clientInfo"]`; `nil` if it is absent.
    public var metaClientInfoKind: JSONKind?

    /// Whether `params.inputResponses` is there.
    public var hasInputResponses = false
    /// Whether `params.requestState` is there.
    public var hasRequestState = false
    /// `params.requestState`, if it is text.
    public var requestState: JSONText?

    /// `result`, the whole value, of any kind.
    public var result: ByteRange?
    /// The kind of `result`; `nil` if there is none.
    public var resultKind: JSONKind?
    /// `error`, the whole object.
    public var error: ByteRange?
    /// `error.code`, if it is an integer of 64 bits.
    public var errorCode: Int64?
    /// Whether `result.isError` is `true`.
    public var isToolError = false
    /// `result.protocolVersion`, if it is text (the answer to `initialize`).
    public var resultProtocolVersion: JSONText?
    /// `result.resultType`, if it is text.
    public var resultType: JSONText?

    /// How many messages a batch has; 0 in all other messages.
    public var batchCount = 0
    /// How many of them are requests, each of which wants an answer.
    public var batchRequestCount = 0
    /// Whether one of a batch's messages names its revision in `_meta`, as only modern clients do.
    public var batchHasModernEnvelope = false
    /// Whether one of a batch's messages is `initialize`, which must not be in a batch (MCP 2025-03-26, Lifecycle).
    public var batchHasInitialize = false

    init(kind: Kind) {
        self.kind = kind
    }
}
