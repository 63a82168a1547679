/// One block of an event stream: its lines up to and including the blank line that ends them (WHATWG HTML §9.2.6).
///
/// All ranges count from the first byte of the block. A block of comments only, or of a lone blank line, is a block too:
/// relaying block after block passes on every byte of the stream.
public struct SSEBlock: Hashable, Sendable {
    /// The bytes of the block with its blank line, 1…1 MiB; one more when the blank line ends in CR LF.
    public internal(set) var byteCount = 0
    /// The value of the `data` line when there is exactly one; may be empty.
    public internal(set) var data: ByteRange?
    /// The number of `data` lines.
    public internal(set) var dataLineCount = 0
    /// The value of the last `event` line.
    public internal(set) var event: ByteRange?
    /// The value of the last `id` line without a NUL; an empty one resets the client's last event id.
    public internal(set) var id: ByteRange?
    /// The value of the last `retry` line of digits only: milliseconds, of any length.
    public internal(set) var retry: ByteRange?
    /// Whether `event` is absent, empty or `message`: other names are ignored in MCP.
    var isNamedMessage = true
    /// Whether the stream's byte order mark precedes the first line.
    var hasByteOrderMark = false

    /// Whether the block carries a JSON-RPC message: not another event's name, and data that is not empty. The priming
    /// event of MCP 2025-11-25, an id and an empty `data` line, is none.
    public var isMessage: Bool {
        guard isNamedMessage else { return false }
        if let data { return !data.isEmpty }
        return dataLineCount > 1
    }

    /// The values of all `data` lines, joined with LF; `bytes` begins with the block. Copies; for one line use `data`.
    public func joinedData(in bytes: ByteView) -> [UInt8] {
        if let data { return bytes[data].bytes }
        let bytes = bytes.slice(from: 0, to: byteCount)
        var joined: [UInt8] = []
        joined.reserveCapacity(bytes.count)
        var isFirst = true
        var start = hasByteOrderMark ? SSELine.byteOrderMarkByteCount : 0
        while start < bytes.count {
            let end = bytes.firstLineEnd(from: start)
            let line = SSELine(bytes, from: start, to: end)
            if line.field == .data {
                if !isFirst { joined.append(0x0A) }
                joined.append(contentsOf: bytes[line.value].raw)
                isFirst = false
            }
            start = bytes[end] == 0x0D && bytes[end &+ 1] == 0x0A ? end &+ 2 : end &+ 1
        }
        return joined
    }
}
