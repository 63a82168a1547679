/// What the backends of a pool speak.
package enum BackendProtocol: String, Hashable, ConfigurationChoice {
    /// Found out by asking.
    case auto
    /// Revisions that need `initialize`.
    case legacy
    /// 2026-07-28 and later.
    case modern
}
