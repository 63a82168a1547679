public import NIOCore
import Wire

/// A piece of what a tool returns or a prompt says.
///
/// Kinds that a revision does not know are sent to its clients as text that says what is missing, or where it is.
public enum ContentBlock: Hashable, Sendable {
    /// Text.
    case text(String)
    /// A picture: its bytes and their media type.
    case image(ByteBuffer, mimeType: String)
    /// Sound: its bytes and their media type; revisions from 2025-03-26 on.
    case audio(ByteBuffer, mimeType: String)
    /// A resource that can be read; need not be listed. Revisions from 2025-06-18 on.
    case link(uri: String, name: String, mimeType: String? = nil)
    /// A resource with its contents.
    case resource(uri: String, mimeType: String, ResourceContents)

    /// Appends the block as an object of the revision.
    func write(into buffer: inout ByteBuffer, version: MCPProtocolVersion) {
        switch self {
        case .text(let text):
            ContentBlock.write(text: text, into: &buffer)
        case .image(let bytes, let mimeType):
            ContentBlock.write("image", bytes, mimeType, into: &buffer)
        case .audio(let bytes, let mimeType):
            guard version >= .v2025_03_26 else {
                return ContentBlock.write(text: "[\(mimeType), \(bytes.readableBytes) bytes]", into: &buffer)
            }
            ContentBlock.write("audio", bytes, mimeType, into: &buffer)
        case .link(let uri, let name, let mimeType):
            guard version >= .v2025_06_18 else { return ContentBlock.write(text: "\(name): \(uri)", into: &buffer) }
            buffer.writeStaticString("{\"type\":\"resource_link\",\"uri\":")
            buffer.writeJSONString(uri)
            buffer.writeStaticString(",\"name\":")
            buffer.writeJSONString(name)
            if let mimeType {
                buffer.writeStaticString(",\"mimeType\":")
                buffer.writeJSONString(mimeType)
            }
            buffer.writeStaticString("}")
        case .resource(let uri, let mimeType, let contents):
            buffer.writeStaticString("{\"type\":\"resource\",\"resource\":")
            contents.write(uri: uri, mimeType: mimeType, into: &buffer)
            buffer.writeStaticString("}")
        }
    }

    private static func write(text: String, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("{\"type\":\"text\",\"text\":")
        buffer.writeJSONString(text)
        buffer.writeStaticString("}")
    }

    private static func write(
        _ kind: StaticString, _ bytes: ByteBuffer, _ mimeType: String, into buffer: inout ByteBuffer
    ) {
        buffer.writeStaticString("{\"type\":\"")
        buffer.writeStaticString(kind)
        buffer.writeStaticString("\",\"data\":")
        buffer.writeBase64String(bytes)
        buffer.writeStaticString(",\"mimeType\":")
        buffer.writeJSONString(mimeType)
        buffer.writeStaticString("}")
    }

    /// About how many bytes the block takes.
    var sizeHint: Int {
        switch self {
        case .text(let text): text.utf8.count &+ 64
        case .image(let bytes, _), .audio(let bytes, _): bytes.readableBytes / 3 &* 4 &+ 128
        case .link(let uri, let name, _): uri.utf8.count &+ name.utf8.count &+ 128
        case .resource(let uri, _, let contents): uri.utf8.count &+ contents.sizeHint &+ 128
        }
    }
}

extension ByteBuffer {
    /// Appends `bytes` in Base64, as a JSON string.
    mutating func writeBase64String(_ bytes: ByteBuffer) {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.readableBytes / 3 &* 4 &+ 4)
        bytes.withByteView { Base64.encode($0, into: &text) }
        writeStaticString("\"")
        writeBytes(text)
        writeStaticString("\"")
    }
}
