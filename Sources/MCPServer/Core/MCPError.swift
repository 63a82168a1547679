public import Wire

/// A JSON-RPC error with which a request is answered (MCP schema, `JSONRPCError`).
public struct MCPError: Error, Hashable, Sendable {
    /// The code: a standard one, or one of the specification's.
    public var code: Int
    /// A sentence for people; holds no secrets and no details of the server.
    public var message: String
    /// What else there is to know, for programs.
    public var data: JSONValue?
    /// What metrics count it as.
    public var problem: Problem

    /// An error.
    public init(code: Int, message: String, data: JSONValue? = nil, problem: Problem) {
        self.code = code
        self.message = message
        self.data = data
        self.problem = problem
    }

    /// -32600: not a message that may be sent here.
    public static func invalidRequest(_ message: String) -> MCPError {
        MCPError(code: -32_600, message: message, problem: .invalidRequest)
    }

    /// -32601: no such method, or not in this revision.
    public static var methodNotFound: MCPError {
        MCPError(code: -32_601, message: "Method not found", problem: .methodNotFound)
    }

    /// -32602: parameters are missing or wrong.
    public static func invalidParams(_ message: String) -> MCPError {
        MCPError(code: -32_602, message: message, problem: .invalidParams)
    }

    /// -32020: a header field does not say what the body says (MCP 2026-07-28, Streamable HTTP).
    static var parameterMismatch: MCPError {
        MCPError(
            code: -32_020, message: "Header mismatch: Mcp-Param fields do not say what the arguments say",
            problem: .headerMismatch)
    }

    /// -32021: the client has not declared that it can do what the call needs (MCP 2026-07-28).
    static func missingCapability(_ required: JSONValue) -> MCPError {
        var error = MCPError(
            code: -32_021, message: "The call needs a capability that the client does not have",
            problem: .missingCapability)
        error.data = ["requiredCapabilities": required]
        return error
    }

    /// -32800: the caller has cancelled the request, so it will not look at this (as the Language Server Protocol has it).
    public static var cancelled: MCPError {
        MCPError(code: -32_800, message: "Request cancelled", problem: .cancelled)
    }

    /// -32603: the server's own fault; the client learns no more.
    public static var internalError: MCPError {
        MCPError(code: -32_603, message: "Internal error", problem: .handlerFailed)
    }
}
