/// Which members a message has, and what kind of message that makes it (JSON-RPC 2.0 §4 and §5, read strictly).
struct JSONRPCMembers {
    /// What `id` is.
    enum ID {
        case absent, null, valid, invalid
    }

    /// Whether `jsonrpc` is `"2.0"`.
    var isVersion2 = false
    /// What `id` is.
    var id = ID.absent
    /// The kinds of the members; `nil` if they are absent.
    var method: JSONKind?
    var params: JSONKind?
    var result: JSONKind?
    var error: JSONKind?

    /// What is wrong with the message; `nil` if `kind` is what it says.
    var fault: JSONRPCError.Reason? {
        guard isVersion2 else { return .version }
        guard id != .invalid else { return .id }
        if result != nil || error != nil {
            if method != nil || params != nil || (result != nil && error != nil) { return .ambiguous }
            if let error { return error == .object ? nil : .error }
            return id == .valid ? nil : .id
        }
        guard method == .string else { return .method }
        guard id != .null else { return .id }
        if let params, params != .object, params != .array { return .params }
        return nil
    }

    /// The kind of message, if nothing is wrong with it.
    var kind: JSONRPCEnvelope.Kind {
        if result != nil { return .result }
        if error != nil { return .error }
        return id == .absent ? .notification : .request
    }
}
