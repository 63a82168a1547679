import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Words for what keeps a connection from being made.
enum ConnectFailure {
    /// The failure of a connection to `origin`.
    static func describing(_ error: any Error, _ origin: ServerURL.Origin) -> ProbeFailure {
        switch error {
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first { return describing(first.error, origin) }
            return ProbeFailure(.connectError, "the name \(origin.host) cannot be resolved")
        case ChannelError.connectTimeout:
            return ProbeFailure(.timeout, "no connection to \(origin.authority) in time")
        case let error as IOError:
            return ProbeFailure(
                .connectError, "no connection to \(origin.authority): \(String(cString: strerror(error.errnoCode)))")
        default:
            return ProbeFailure(
                .connectError, "no connection to \(origin.authority): \(ProbeFailure.quoted("\(error)"))")
        }
    }

    /// The failure of a handshake.
    static func describing(
        handshake outcome: TLSWatch.Outcome, _ origin: ServerURL.Origin, now: Int64
    ) -> ProbeFailure {
        ProbeFailure(.tlsError, "TLS with \(origin.authority): \(reason(outcome, now: now))")
    }

    private static func reason(_ outcome: TLSWatch.Outcome, now: Int64) -> String {
        let text = outcome.error.map { "\($0)" } ?? ""
        if let error = outcome.error as? NIOSSLExtraError, error == .failedToValidateHostname {
            return "the certificate is for another host"
        }
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            if let certificate = outcome.certificate {
                if Int64(certificate.notValidAfter) < now { return "the certificate has expired" }
                if Int64(certificate.notValidBefore) > now { return "the certificate is not valid yet" }
            }
            return "the certificate is not signed by anybody who is trusted"
        }
        if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") { return "the server speaks no TLS" }
        if let error = outcome.error as? IOError { return String(cString: strerror(error.errnoCode)) }
        let isHangUp = text.contains("EOF during handshake") || text == "uncleanShutdown" || text == "eof"
        if isHangUp { return "the server has hung up" }
        return ProbeFailure.quoted(text)
    }
}
