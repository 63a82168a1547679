import Telemetry

/// Times as RFC 3339 writes them.
enum Timestamp {
    /// Now, in UTC with milliseconds: `2026-07-28T09:05:03.042Z`.
    static func now() -> String {
        var cache = TimestampCache()
        var text: [UInt8] = []
        cache.appendRFC3339(.now(), to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
