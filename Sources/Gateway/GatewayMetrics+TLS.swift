import Telemetry
import Transport

extension GatewayMetrics {
    /// Writes how handshakes with clients ended and until when the certificates are good, if there are any.
    func writeTLS(
        _ configuration: GatewayConfiguration, _ handshakes: HandshakeBudget, into text: inout PrometheusText
    ) {
        for outcome in HandshakeBudget.Outcome.allCases {
            text.counter(
                "mcp_gateway_tls_handshakes_total", help: "TLS handshakes with clients, by how they ended.",
                labels: [("result", outcome.rawValue)], handshakes.count(of: outcome))
        }
        for listener in configuration.listeners {
            guard let expiry = listener.tls?.certificate.expiry else { continue }
            text.gauge(
                "mcp_gateway_tls_certificate_expiry_timestamp_seconds",
                help: "The end of the time of the certificate that a listener shows, in seconds since 1970.",
                labels: [("listener", listener.address.text)], Int(expiry))
        }
    }
}
