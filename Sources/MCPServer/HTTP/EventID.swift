import NIOCore
import Wire

/// The id of an event: the number of its stream in the session, and its place in the stream (MCP 2025-11-25, Streamable
/// HTTP, Resumability and Redelivery). Written `STREAM-PLACE`, in decimal.
struct EventID: Hashable, Sendable {
    var stream: SessionStreams.Number
    /// From 1; 0 is the place before the first event.
    var place: Int

    init(stream: SessionStreams.Number, place: Int) {
        self.stream = stream
        self.place = place
    }

    /// The id that `text` spells, in its one spelling; `nil` if it is none.
    init?(_ text: ByteView) {
        var numbers: [Int] = []
        var offset = 0
        while numbers.count < 2 {
            let start = offset
            var value = 0
            while offset < text.count, text[offset] &- 0x30 < 10, offset &- start < 15 {
                value = value &* 10 &+ Int(text[offset] &- 0x30)
                offset &+= 1
            }
            guard offset > start, text[start] != 0x30 || offset == start &+ 1 else { return nil }
            numbers.append(value)
            if numbers.count == 1 {
                guard offset < text.count, text[offset] == UInt8(ascii: "-") else { return nil }
                offset &+= 1
            }
        }
        guard offset == text.count else { return nil }
        self.init(stream: numbers[0], place: numbers[1])
    }

    /// Appends `id: STREAM-PLACE` as a line.
    func writeLine(into buffer: inout ByteBuffer) {
        buffer.writeStaticString("id: ")
        buffer.writeDecimal(stream)
        buffer.writeStaticString("-")
        buffer.writeDecimal(place)
        buffer.writeStaticString("\n")
    }
}
