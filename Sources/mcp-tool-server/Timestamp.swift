import NIOCore
import Telemetry

/// Times as RFC 3339 writes them.
enum Timestamp {
    /// Appends the time, in UTC with milliseconds: `2026-07-28T09:05:03.042Z`.
    static func writeNow(into buffer: inout ByteBuffer) {
        var cache = TimestampCache()
        var text: [UInt8] = []
        text.reserveCapacity(24)
        cache.appendRFC3339(.now(), to: &text)
        buffer.writeBytes(text)
    }
}
