public import NIOCore
import Wire

/// What a resource holds.
public enum ResourceContents: Hashable, Sendable {
    /// Text, as UTF-8; invalid sequences are replaced.
    case text(ByteBuffer)
    /// Bytes of any kind.
    case binary(ByteBuffer)

    /// Text.
    public static func text(_ text: String) -> ResourceContents {
        .text(ByteBuffer(string: text))
    }

    /// Appends `{"uri":…,"mimeType":…,"text":…}`, or `blob` in place of `text`.
    func write(uri: String, mimeType: String, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("{\"uri\":")
        buffer.writeJSONString(uri)
        buffer.writeStaticString(",\"mimeType\":")
        buffer.writeJSONString(mimeType)
        switch self {
        case .text(let text):
            buffer.writeStaticString(",\"text\":")
            text.withByteView { buffer.writeJSONString($0) }
        case .binary(let bytes):
            buffer.writeStaticString(",\"blob\":")
            buffer.writeBase64String(bytes)
        }
        buffer.writeStaticString("}")
    }

    /// About how many bytes the contents take.
    var sizeHint: Int {
        switch self {
        case .text(let text): text.readableBytes &+ text.readableBytes / 8 &+ 256
        case .binary(let bytes): bytes.readableBytes / 3 &* 4 &+ 256
        }
    }
}
