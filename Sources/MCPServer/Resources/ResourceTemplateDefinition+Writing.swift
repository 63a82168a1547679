import NIOCore
import Wire

extension ResourceTemplateDefinition {
    /// Appends the template as the revision knows it.
    func write(into buffer: inout ByteBuffer, version: MCPProtocolVersion) {
        buffer.writeStaticString("{\"uriTemplate\":")
        buffer.writeJSONString(uriTemplate)
        buffer.writeStaticString(",\"name\":")
        buffer.writeJSONString(name)
        if let title, version >= .v2025_06_18 {
            buffer.writeStaticString(",\"title\":")
            buffer.writeJSONString(title)
        }
        buffer.writeStaticString(",\"description\":")
        buffer.writeJSONString(description)
        buffer.writeStaticString(",\"mimeType\":")
        buffer.writeJSONString(mimeType)
        buffer.writeStaticString("}")
    }
}
