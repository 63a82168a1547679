public import NIOCore
import Wire

/// What a resource holds.
public enum ResourceContents: Sendable {
    /// Text, as UTF-8; invalid sequences are replaced.
    case text(ByteBuffer)

    /// Text.
    public static func text(_ text: String) -> ResourceContents {
        .text(ByteBuffer(string: text))
    }

    /// Appends `,"text":…`.
    func writeMember(into buffer: inout ByteBuffer) {
        switch self {
        case .text(let text):
            buffer.writeStaticString(",\"text\":")
            text.withByteView { buffer.writeJSONString($0) }
        }
    }

    /// About how many bytes the contents take.
    var sizeHint: Int {
        switch self {
        case .text(let text): text.readableBytes &+ text.readableBytes / 8 &+ 256
        }
    }
}
