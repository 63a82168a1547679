import NIOCore
import Telemetry
import Wire

/// The access log of one shard: lines gathered in memory and handed over in blocks, so that a call costs the bytes of its
/// line and nothing else.
///
/// A block is due at 32 KiB; the housekeeper takes what there is after 100 ms.
struct AccessLogBuffer {
    private static let blockByteCount = 32_768

    /// Bytes of a line besides the strings of the configuration and of the call.
    private static let lineByteCount = 512
    /// A longer name is left out.
    private static let nameByteCount = 1_024

    let isEnabled: Bool
    private var lines = ByteBuffer()
    private var timestamps = TimestampCache()
    private var timestamp: [UInt8] = []

    init(isEnabled: Bool) {
        self.isEnabled = isEnabled
    }

    /// Whether lines wait to be handed over.
    var isEmpty: Bool { lines.readableBytes == 0 }

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
        if lines.capacity == 0 { lines.reserveCapacity(AccessLogBuffer.blockByteCount + 4_096) }
        timestamp.removeAll(keepingCapacity: true)
        timestamps.appendRFC3339(.now(), to: &timestamp)
        let bound =
            AccessLogBuffer.lineByteCount + AccessLogBuffer.nameByteCount + entry.pool.nameJSON.count
            + (entry.call.backend?.plan.urlJSON.count ?? 0) + timestamp.count
        lines.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { [timestamp] target in
            var line = LineCursor(target)
            AccessLogBuffer.write(entry, at: timestamp, &line)
            return line.count
        }
        return lines.readableBytes >= AccessLogBuffer.blockByteCount ? take() : nil
    }

    private static func write(_ entry: Entry, at timestamp: [UInt8], _ line: inout LineCursor) {
        let call = entry.call
        line.append("{\"time\":\"")
        line.append(timestamp)
        line.append("\",\"method\":\"")
        line.append(call.method.metricLabel)
        if let request = call.request, let name = call.envelope?.name ?? call.envelope?.uri,
            name.range.length <= AccessLogBuffer.nameByteCount
        {
            // Already a valid JSON string: it was read as one, and goes out with its own escapes.
            line.append("\",\"name\":\"")
            request.body.withByteView { line.append($0[name.range].raw) }
        }
        line.append(call.era == .modern ? "\",\"era\":\"modern\",\"status\":\"" : "\",\"era\":\"legacy\",\"status\":\"")
        line.append(entry.status.label)
        line.append("\",\"httpStatus\":")
        line.append(entry.httpStatus)
        line.append(",\"pool\":")
        line.append(entry.pool.nameJSON)
        if let backend = call.backend {
            line.append(",\"backend\":")
            line.append(backend.plan.urlJSON)
        }
        line.append(",\"attempts\":")
        line.append(call.attemptCount)
        line.append(",\"requestBytes\":")
        line.append(call.request?.body.readableBytes ?? 0)
        line.append(",\"answerBytes\":")
        line.append(entry.answerByteCount)
        line.append(",\"durationMicroseconds\":")
        line.append(Int(entry.duration.nanoseconds / 1_000))
        line.append("}\n")
    }

    /// Takes everything that waits; `nil` when nothing does.
    mutating func take() -> [UInt8]? {
        guard !isEmpty else { return nil }
        defer { lines.clear() }
        return Array(lines.readableBytesView)
    }
}

/// Writes the pieces of one line into memory that was reserved for all of them; what does not fit is left out.
private struct LineCursor {
    private let target: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ target: UnsafeMutableRawBufferPointer) {
        self.target = target
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, let base = target.baseAddress, bytes.count <= target.count &- count else {
            return
        }
        (base + count).copyMemory(from: source, byteCount: bytes.count)
        count &+= bytes.count
    }

    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// A number in decimal; negative ones, which no line has, as 0.
    mutating func append(_ number: Int) {
        var rest = UInt(max(number, 0))
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var index = 20
        repeat {
            index &-= 1
            digits[index] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
            rest /= 10
        } while rest > 0
        digits.span.extracting(index..<20).withUnsafeBytes { append($0) }
    }
}
