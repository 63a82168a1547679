import Wire

extension HTTPReceivedHead {
    /// The head of a request in `bytes`, which must be right.
    static func reading(_ bytes: ByteView) -> HTTPReceivedHead {
        var parser = HTTPHeadParser(.request)
        guard (try? parser.parse(bytes)) == true else { preconditionFailure("not a head: \(bytes.string)") }
        return HTTPReceivedHead(request: parser.request, bytes: bytes)
    }
}
