import NIOCore
import Wire

/// What a server says about a resource in `resources/list`.
public struct ResourceDefinition: Sendable {
    /// Where it is read; unique in the server.
    public let uri: String
    /// The programmatic name.
    public let name: String
    /// The name for people; revisions from 2025-06-18 on.
    public let title: String?
    /// What it holds.
    public let description: String
    /// The media type of its contents.
    public let mimeType: String
    /// How long what was read may be kept.
    public let cache: CacheHint

    /// A definition.
    public init(
        uri: String, name: String, title: String? = nil, description: String, mimeType: String,
        cache: CacheHint = .none
    ) {
        self.uri = uri
        self.name = name
        self.title = title
        self.description = description
        self.mimeType = mimeType
        self.cache = cache
    }

    /// Appends the resource as the revision knows it.
    func write(into buffer: inout ByteBuffer, version: MCPProtocolVersion) {
        buffer.writeStaticString("{\"uri\":")
        buffer.writeJSONString(uri)
        buffer.writeStaticString(",")
        buffer.writeNaming(name, title, description, version)
        buffer.writeStaticString(",\"mimeType\":")
        buffer.writeJSONString(mimeType)
        buffer.writeStaticString("}")
    }
}
