/// Why bytes are not a JSON-RPC 2.0 message.
public enum JSONRPCError: Error, Hashable, Sendable {
    /// Not JSON (−32700): the byte at `offset` cannot stand there, or the text ends before its time.
    case notJSON(offset: Int)
    /// JSON, but not a message (−32600). `id` is the one of the message where it could be read, so that the answer can
    /// carry it.
    case invalidRequest(Reason, id: JSONRPCID?)

    /// What is wrong with a message that is JSON.
    public enum Reason: UInt8, Hashable, Sendable, CaseIterable {
        /// An object has a name twice.
        case duplicateName
        /// More than 64 levels, more than 100,000 values, or a name of more than 64 KiB.
        case tooLarge
        /// Neither an object nor an array of objects, or an empty array.
        case notAnObject
        /// `jsonrpc` is missing or not `"2.0"`.
        case version
        /// `id` is neither text nor an integer of 64 bits, or a result has none.
        case id
        /// `method` is missing or not text.
        case method
        /// `params` is neither an object nor an array.
        case params
        /// `error` is not an object.
        case error
        /// Members of a request beside those of an answer, or `result` beside `error`.
        case ambiguous
    }

    init(_ error: JSONError, id: JSONRPCID?) {
        switch error {
        case .syntax(let offset): self = .notJSON(offset: offset)
        case .duplicateName: self = .invalidRequest(.duplicateName, id: id)
        case .tooDeep, .tooManyValues, .nameTooLong: self = .invalidRequest(.tooLarge, id: id)
        }
    }
}
