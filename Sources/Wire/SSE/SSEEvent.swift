public import NIOCore

/// One event to be written to an event stream (WHATWG HTML §9.2.5).
///
/// `write` makes a block that `SSEParser` reads as this event: `data` with line ends goes out as several `data` lines, and
/// a name or id that a line cannot carry (CR, LF, in an id also NUL) is left out.
public struct SSEEvent: Sendable {
    /// The event's name; `nil` means `message`.
    public var name: String?
    /// The id with which a client resumes behind this event.
    public var id: String?
    /// How long a client waits before it connects again; whole milliseconds, 0 or more.
    public var retry: Duration?
    /// What the event carries; `nil` writes no `data` line, so that clients take note of `id` and `retry` only.
    public var data: ByteBuffer?

    /// An event with `data`, by default an unnamed one without an id.
    public init(data: ByteBuffer?, name: String? = nil, id: String? = nil, retry: Duration? = nil) {
        self.data = data
        self.name = name
        self.id = id
        self.retry = retry
    }

    /// A comment line, which clients skip, and its blank line: keeps a silent stream alive.
    public static let keepAlive: StaticString = ":\n\n"

    /// Appends the event to `buffer`. Lines end in LF.
    public func write(into buffer: inout ByteBuffer) {
        buffer.reserveCapacity(minimumWritableBytes: (data?.readableBytes ?? 0) + 64)
        if let name, !name.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) {
            buffer.writeLine("event: ", name)
        }
        if let id, !id.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D || $0 == 0 }) {
            buffer.writeLine("id: ", id)
        }
        if let retry {
            let (seconds, attoseconds) = retry.components
            let (milliseconds, overflows) = seconds.multipliedReportingOverflow(by: 1_000)
            buffer.writeStaticString("retry: ")
            buffer.writeDecimal(
                overflows ? Int.max : max(0, Int(clamping: milliseconds) &+ Int(attoseconds / 1_000_000_000_000_000)))
            buffer.writeStaticString("\n")
        }
        if let data {
            data.withByteView { bytes in
                var start = 0
                while true {
                    let end = bytes.firstLineEnd(from: start)
                    buffer.writeStaticString("data: ")
                    buffer.writeBytes(bytes.slice(from: start, to: end).raw)
                    buffer.writeStaticString("\n")
                    guard end < bytes.count else { break }
                    start = bytes[end] == 0x0D && bytes[end &+ 1] == 0x0A ? end &+ 2 : end &+ 1
                }
            }
        }
        buffer.writeStaticString("\n")
    }
}

extension ByteBuffer {
    fileprivate mutating func writeLine(_ name: StaticString, _ value: String) {
        writeStaticString(name)
        writeString(value)
        writeStaticString("\n")
    }
}
