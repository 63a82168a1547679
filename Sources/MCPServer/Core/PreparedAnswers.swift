import NIOCore
import Wire

/// The results that never change while a server runs, written once for each revision.
struct PreparedAnswers: Sendable {
    /// `InitializeResult`; of the legacy revisions only, the modern one is empty.
    let initialize: PerVersion<ByteBuffer>
    /// `DiscoverResult`.
    let discover: ByteBuffer
    /// `ListToolsResult`.
    let tools: PerVersion<ByteBuffer>
    /// `ListResourcesResult`.
    let resources: PerVersion<ByteBuffer>
    /// `ListResourceTemplatesResult`: there are none.
    let templates: PerVersion<ByteBuffer>
    /// `,"_meta":{"io.modelcontextprotocol/serverInfo":{…}}`.
    private let modernMeta: ByteBuffer

    init(info: ServerInfo, instructions: String?, tools: [ToolDefinition], resources: [ResourceDefinition]) {
        var meta = ByteBuffer()
        meta.writeStaticString(",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":")
        info.write(into: &meta, version: .newestModern)
        meta.writeStaticString("}")
        modernMeta = meta
        initialize = PerVersion { version in
            version.era == .modern
                ? ByteBuffer() : PreparedAnswers.initialize(info, instructions, !resources.isEmpty, version)
        }
        discover = PreparedAnswers.discover(instructions, !resources.isEmpty, meta)
        self.tools = PerVersion { version in
            PreparedAnswers.list("tools", version, meta, tools) { $0.write(into: &$1, version: version) }
        }
        self.resources = PerVersion { version in
            PreparedAnswers.list("resources", version, meta, resources) { $0.write(into: &$1, version: version) }
        }
        templates = PerVersion { version in
            PreparedAnswers.list("resourceTemplates", version, meta, [ResourceDefinition]()) { _, _ in }
        }
    }

    /// Ends a result object that has members: with the server's identity where the revision wants it.
    func writeResultEnd(into buffer: inout ByteBuffer, version: MCPProtocolVersion) {
        if version.era == .modern { buffer.writeImmutableBuffer(modernMeta) }
        buffer.writeStaticString("}")
    }

    private static func initialize(
        _ info: ServerInfo, _ instructions: String?, _ hasResources: Bool, _ version: MCPProtocolVersion
    ) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeStaticString("{\"protocolVersion\":\"")
        buffer.writeStaticString(version.text)
        buffer.writeStaticString("\",")
        writeCapabilities(hasResources, into: &buffer)
        buffer.writeStaticString(",\"serverInfo\":")
        info.write(into: &buffer, version: version)
        writeInstructions(instructions, into: &buffer)
        buffer.writeStaticString("}")
        return buffer
    }

    private static func discover(_ instructions: String?, _ hasResources: Bool, _ meta: ByteBuffer) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeStaticString("{\"resultType\":\"complete\",\"supportedVersions\":")
        buffer.writeSupportedVersions()
        buffer.writeStaticString(",")
        writeCapabilities(hasResources, into: &buffer)
        writeInstructions(instructions, into: &buffer)
        CacheHint.fixed.writeMembers(into: &buffer)
        buffer.writeImmutableBuffer(meta)
        buffer.writeStaticString("}")
        return buffer
    }

    private static func list<Item>(
        _ name: StaticString, _ version: MCPProtocolVersion, _ meta: ByteBuffer, _ items: [Item],
        _ write: (Item, inout ByteBuffer) -> Void
    ) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeStaticString(version.era == .modern ? "{\"resultType\":\"complete\",\"" : "{\"")
        buffer.writeStaticString(name)
        buffer.writeStaticString("\":[")
        for (index, item) in items.enumerated() {
            if index > 0 { buffer.writeStaticString(",") }
            write(item, &buffer)
        }
        buffer.writeStaticString("]")
        if version.era == .modern {
            CacheHint.fixed.writeMembers(into: &buffer)
            buffer.writeImmutableBuffer(meta)
        }
        buffer.writeStaticString("}")
        return buffer
    }

    private static func writeCapabilities(_ hasResources: Bool, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("\"capabilities\":{\"tools\":{}")
        if hasResources { buffer.writeStaticString(",\"resources\":{}") }
        buffer.writeStaticString("}")
    }

    private static func writeInstructions(_ instructions: String?, into buffer: inout ByteBuffer) {
        guard let instructions else { return }
        buffer.writeStaticString(",\"instructions\":")
        buffer.writeJSONString(instructions)
    }
}

extension ByteBuffer {
    /// Appends the revisions that are served, newest first, as an array. Legacy ones are reached by `initialize`.
    mutating func writeSupportedVersions() {
        for (index, version) in MCPProtocolVersion.allCases.reversed().enumerated() {
            writeStaticString(index == 0 ? "[\"" : ",\"")
            writeStaticString(version.text)
            writeStaticString("\"")
        }
        writeStaticString("]")
    }
}

extension ServerInfo {
    /// Appends an `Implementation` object as the revision knows it.
    func write(into buffer: inout ByteBuffer, version: MCPProtocolVersion) {
        buffer.writeStaticString("{\"name\":")
        buffer.writeJSONString(name)
        if let title, version >= .v2025_06_18 {
            buffer.writeStaticString(",\"title\":")
            buffer.writeJSONString(title)
        }
        buffer.writeStaticString(",\"version\":")
        buffer.writeJSONString(self.version)
        buffer.writeStaticString("}")
    }
}
