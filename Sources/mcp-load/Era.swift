import ArgumentParser

/// Which handshake the endpoint wants.
enum Era: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// Stateless requests of revision 2026-07-28.
    case modern
    /// `initialize` once per connection, then its session.
    case legacy
    /// `server/discover` first: modern when it is answered, legacy otherwise (MCP 2026-07-28, "Lifecycle").
    case auto
}
