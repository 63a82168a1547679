extension GatewayFailure {
    /// The failure that malformed HTTP is answered with.
    public init(_ error: HTTPError) {
        self =
            switch error {
            case .startLine, .target, .field, .host, .framing, .chunk, .trailer: .badRequest
            case .version: .httpVersionNotSupported
            case .targetTooLong: .uriTooLong
            case .headTooLarge: .headersTooLarge
            case .transferCoding: .notImplemented
            case .expectation: .expectationFailed
            case .bodyTooLarge: .payloadTooLarge
            }
    }
}
