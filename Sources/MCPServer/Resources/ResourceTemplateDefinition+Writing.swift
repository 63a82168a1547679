import NIOCore
import Wire

extension ResourceTemplateDefinition {
    /// Appends the template as the revision knows it.
    func write(into buffer: inout ByteBuffer, version: MCPProtocolVersion) {
        buffer.writeStaticString("{\"uriTemplate\":")
        buffer.writeJSONString(uriTemplate)
        buffer.writeStaticString(",")
        buffer.writeNaming(name, title, description, version)
        buffer.writeStaticString(",\"mimeType\":")
        buffer.writeJSONString(mimeType)
        buffer.writeStaticString("}")
    }
}
