extension JSONRPCEnvelope {
    /// Reads one message, or a batch of them, from bytes that are all there.
    ///
    /// One pass; allocates nothing once `scratch` has grown to the messages that come. Throws `notJSON` where the bytes
    /// are not JSON in form, even if something else was wrong earlier in them, else `invalidRequest`.
    public static func scan(
        _ bytes: ByteView, scratch: inout JSONScratch
    ) throws(JSONRPCError) -> JSONRPCEnvelope {
        let scanner = JSONScanner(bytes)
        let isBatch = scanner.byte(scanner.skipSpace(0)) == UInt8(ascii: "[")
        var visitor = JSONRPCMessageVisitor(isBatch: isBatch)
        let root: JSONRPCMessageVisitor.Field = isBatch ? .batch : .message
        do throws(JSONError) {
            try scanner.walk(rootField: root, &visitor, &scratch)
        } catch {
            throw JSONRPCError(error, id: isBatch ? nil : visitor.envelope.id)
        }
        if scratch.duplicateOffset >= 0 { throw .invalidRequest(.duplicateName, id: visitor.envelope.id) }
        if let fault = visitor.fault { throw .invalidRequest(fault, id: visitor.envelope.id) }
        return visitor.envelope
    }
}
