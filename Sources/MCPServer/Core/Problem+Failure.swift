import Wire

extension Problem {
    /// What a refusal by a transport counts as.
    init(_ failure: GatewayFailure) {
        self =
            switch failure {
            case .parseError: .parseError
            case .invalidRequest: .invalidRequest
            case .invalidParams: .invalidParams
            case .headerMismatch: .headerMismatch
            case .unsupportedVersion: .unsupportedVersion
            case .methodNotFound: .methodNotFound
            case .sessionNotFound: .session
            case .payloadTooLarge, .uriTooLong, .headersTooLarge: .tooLarge
            case .badRequest, .expectationFailed, .notImplemented, .httpVersionNotSupported: .malformedHTTP
            case .rateLimited: .rateLimited
            case .unavailable, .overloaded, .draining: .overloaded
            case .unauthorized, .forbidden, .originNotAllowed, .notFound, .methodNotAllowed, .notAcceptable,
                .lengthRequired, .unsupportedMediaType, .misdirectedRequest:
                .refused
            // Failures of a proxy, which a server has none of.
            case .badAnswer, .backendLost, .timeout, .notBridgeable: .handlerFailed
            }
    }
}
