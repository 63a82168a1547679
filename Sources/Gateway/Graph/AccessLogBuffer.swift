import NIOCore
import Telemetry
import Wire

/// The access log of one shard: lines gathered in memory and handed over in blocks, so that a call costs the bytes of its
/// line and nothing else.
///
/// A block is due at 32 KiB; the housekeeper takes what there is after 100 ms.
struct AccessLogBuffer {
    private static let blockByteCount = 32_768

    let isEnabled: Bool
    private var lines: [UInt8] = []
    private var timestamps = TimestampCache()

    init(isEnabled: Bool) {
        self.isEnabled = isEnabled
        if isEnabled { lines.reserveCapacity(AccessLogBuffer.blockByteCount + 2_048) }
    }

    /// Whether lines wait to be handed over.
    var isEmpty: Bool { lines.isEmpty }

    /// What a line says of a call.
    struct Entry {
        var call: Call
        var pool: PoolPlan
        var status: CallStatus
        var httpStatus: Int
        var answerByteCount: Int
        var duration: TimeAmount
    }

    /// Appends a line; returns a block that is due.
    mutating func append(_ entry: Entry) -> [UInt8]? {
        let call = entry.call
        lines.append("{\"time\":\"")
        timestamps.appendRFC3339(.now(), to: &lines)
        lines.append("\",\"method\":\"")
        lines.append(call.method.metricLabel)
        lines.append("\"")
        if let request = call.request, let name = call.envelope?.name ?? call.envelope?.uri, name.range.length <= 1_024 {
            // Already a valid JSON string: it was read as one, and goes out with its own escapes.
            lines.append(",\"name\":\"")
            request.body.withByteView { lines.append(contentsOf: $0[name.range].raw) }
            lines.append("\"")
        }
        lines.append(call.era == .modern ? ",\"era\":\"modern\",\"status\":\"" : ",\"era\":\"legacy\",\"status\":\"")
        lines.append(entry.status.label)
        lines.append("\",\"httpStatus\":")
        lines.append(decimal: entry.httpStatus)
        lines.append(",\"pool\":")
        lines.append(contentsOf: entry.pool.nameJSON)
        if let backend = call.backend {
            lines.append(",\"backend\":")
            lines.append(contentsOf: backend.plan.urlJSON)
        }
        lines.append(",\"attempts\":")
        lines.append(decimal: call.attemptCount)
        lines.append(",\"requestBytes\":")
        lines.append(decimal: call.request?.body.readableBytes ?? 0)
        lines.append(",\"answerBytes\":")
        lines.append(decimal: entry.answerByteCount)
        lines.append(",\"durationMicroseconds\":")
        lines.append(decimal: Int(entry.duration.nanoseconds / 1_000))
        lines.append("}\n")
        return lines.count >= AccessLogBuffer.blockByteCount ? take() : nil
    }

    /// Takes everything that waits; `nil` when nothing does.
    mutating func take() -> [UInt8]? {
        guard !lines.isEmpty else { return nil }
        var block: [UInt8] = []
        block.reserveCapacity(AccessLogBuffer.blockByteCount + 2_048)
        swap(&block, &lines)
        return block
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    fileprivate mutating func append(decimal value: Int) {
        var rest = value.magnitude
        var divisor: UInt = 1
        while rest / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(truncatingIfNeeded: rest / divisor) &+ 0x30)
            rest %= divisor
            divisor /= 10
        }
    }
}
