extension JSONRPCEnvelope {
    /// Reads one message, or a batch of them, from bytes that are all there.
    ///
    /// One pass; allocates nothing once `scratch` has grown to the messages that come. Throws `notJSON` where the bytes
    /// are not JSON in form, even if something else was wrong earlier in them, else `invalidRequest`.
    public static func scan(
        _ bytes: ByteView, scratch: inout JSONScratch
    ) throws(JSONRPCError) -> JSONRPCEnvelope {
        scratch.begin()
        let scanner = JSONScanner(bytes)
        let start = scanner.skipSpace(0)
        var message = JSONRPCMessageScanner(scanner)
        var fault: JSONRPCError.Reason?
        do throws(JSONError) {
            switch scanner.byte(start) {
            case UInt8(ascii: "{"):
                try scanner.expectEnd(message.scan(start, depth: 0, &scratch))
                fault = message.members.fault
            case UInt8(ascii: "["):
                try scanner.expectEnd(message.scanBatch(start, &fault, &scratch))
            default:
                try scanner.expectEnd(scanner.skipValue(start, depth: 0, &scratch))
                fault = .notAnObject
            }
        } catch {
            throw JSONRPCError(error, id: message.envelope.id)
        }
        if scratch.duplicateOffset >= 0 { fault = .duplicateName }
        if let fault { throw .invalidRequest(fault, id: message.envelope.id) }
        return message.envelope
    }
}
