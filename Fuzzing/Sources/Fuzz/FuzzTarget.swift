import Wire

/// What can be fuzzed: one parser each, with what must hold for any input.
enum FuzzTarget: String, CaseIterable {
    case httpRequest = "http-request"
    case httpResponse = "http-response"
    case json
    case jsonStream = "json-stream"
    case sse
    case headerText = "header-text"
    case classifier
    case resp
    case jsonCanonical = "json-canonical"
    case lz4

    /// Reads `input`; traps when something does not hold.
    func run(_ input: ByteView) {
        switch self {
        case .httpRequest: HTTPFuzzer.requests(input)
        case .httpResponse: HTTPFuzzer.response(input)
        case .json: JSONFuzzer.document(input)
        case .jsonStream: JSONFuzzer.stream(input)
        case .sse: SSEFuzzer.stream(input)
        case .headerText: HeaderTextFuzzer.value(input)
        case .classifier: ClassifierFuzzer.call(input)
        case .resp: RESPFuzzer.stream(input)
        case .jsonCanonical: JSONFuzzer.canonical(input)
        case .lz4: LZ4Fuzzer.block(input)
        }
    }
}

extension ByteView {
    /// Where a fuzzer cuts its input: two places that its last two bytes choose, in order. What is read ends before them.
    var cuts: (bytes: [UInt8], first: Int, second: Int) {
        guard count >= 2 else { return (bytes, count, count) }
        let content = slice(from: 0, to: count - 2).bytes
        let one = Int(self[count - 2]) * (content.count + 1) / 256
        let two = Int(self[count - 1]) * (content.count + 1) / 256
        return (content, min(one, two), max(one, two))
    }
}
