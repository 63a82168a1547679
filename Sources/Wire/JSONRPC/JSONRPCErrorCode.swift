/// The codes that JSON-RPC 2.0 §5.1 defines.
public enum JSONRPCErrorCode {
    /// The text is not JSON.
    public static let parseError = -32_700
    /// The JSON is not a message.
    public static let invalidRequest = -32_600
    /// The method does not exist.
    public static let methodNotFound = -32_601
    /// The parameters are not those of the method.
    public static let invalidParams = -32_602
    /// Something broke inside of the server.
    public static let internalError = -32_603
}
