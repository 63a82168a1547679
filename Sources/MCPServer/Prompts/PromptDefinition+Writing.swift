import NIOCore
import Wire

extension PromptDefinition {
    /// Appends the prompt as the revision knows it.
    func write(into buffer: inout ByteBuffer, version: MCPProtocolVersion) {
        buffer.writeStaticString("{")
        buffer.writeNaming(name, title, description, version)
        if !arguments.isEmpty {
            buffer.writeStaticString(",\"arguments\":[")
            for (index, argument) in arguments.enumerated() {
                if index > 0 { buffer.writeStaticString(",") }
                argument.write(into: &buffer, version: version)
            }
            buffer.writeStaticString("]")
        }
        buffer.writeStaticString("}")
    }
}

extension PromptArgument {
    fileprivate func write(into buffer: inout ByteBuffer, version: MCPProtocolVersion) {
        buffer.writeStaticString("{")
        buffer.writeNaming(name, title, description, version)
        if isRequired { buffer.writeStaticString(",\"required\":true") }
        buffer.writeStaticString("}")
    }
}

extension PromptResult {
    /// Appends the members of `GetPromptResult` as the revision knows them.
    func writeMembers(of definition: PromptDefinition, into buffer: inout ByteBuffer, version: MCPProtocolVersion) {
        buffer.writeStaticString("\"description\":")
        buffer.writeJSONString(definition.description)
        buffer.writeStaticString(",\"messages\":[")
        for (index, message) in messages.enumerated() {
            if index > 0 { buffer.writeStaticString(",") }
            buffer.writeStaticString("{\"role\":\"")
            buffer.writeString(message.role.rawValue)
            buffer.writeStaticString("\",\"content\":")
            message.content.write(into: &buffer, version: version)
            buffer.writeStaticString("}")
        }
        buffer.writeStaticString("]")
    }
}
