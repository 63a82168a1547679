import NIOCore
import Wire

/// A piece of what a tool returns.
public enum ContentBlock: Hashable, Sendable {
    /// Text.
    case text(String)

    /// Appends the block as an object; the forms are the same in all revisions.
    func write(into buffer: inout ByteBuffer) {
        switch self {
        case .text(let text):
            buffer.writeStaticString("{\"type\":\"text\",\"text\":")
            buffer.writeJSONString(text)
            buffer.writeStaticString("}")
        }
    }

    /// About how many bytes the block takes.
    var sizeHint: Int {
        switch self {
        case .text(let text): text.utf8.count &+ 64
        }
    }
}
