import NIOCore
import Wire

/// The results that never change while a server runs, written once for each revision.
struct PreparedAnswers: Sendable {
    /// How a server presents itself, whatever it offers.
    struct Manner: Sendable {
        var info: ServerInfo
        var instructions: String?
        /// Entries of a page.
        var pageSize: Int
        var eras: Set<MCPEra>
    }

    /// `InitializeResult`; of the legacy revisions only, the modern one is empty.
    let initialize: PerVersion<ByteBuffer>
    /// The same for a client that gets no session, which cannot be told of changes.
    let initializeAlone: PerVersion<ByteBuffer>
    /// `DiscoverResult`.
    let discover: ByteBuffer
    /// The pages of `ListToolsResult`, one or more.
    let tools: PerVersion<[ByteBuffer]>
    /// The pages of `ListResourcesResult`.
    let resources: PerVersion<[ByteBuffer]>
    /// The pages of `ListResourceTemplatesResult`.
    let templates: PerVersion<[ByteBuffer]>
    /// The pages of `ListPromptsResult`.
    let prompts: PerVersion<[ByteBuffer]>
    /// `,"_meta":{"io.modelcontextprotocol/serverInfo":{…}}`.
    private let modernMeta: ByteBuffer

    /// What a server offers, beside tools, which every server does.
    private struct Offer {
        var hasResources: Bool
        var hasPrompts: Bool
        var hasCompletions: Bool
        var hasTasks: Bool
        var tellsChanges = true
    }

    init(
        _ manner: Manner, tools: [ToolDefinition], resources: [ResourceDefinition],
        templates: [ResourceTemplateDefinition], prompts: [PromptDefinition]
    ) {
        let (info, instructions, pageSize) = (manner.info, manner.instructions, manner.pageSize)
        var meta = ByteBuffer()
        meta.writeStaticString(",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":")
        info.write(into: &meta, version: .newestModern)
        meta.writeStaticString("}")
        modernMeta = meta
        let offer = Offer(
            hasResources: !resources.isEmpty || !templates.isEmpty, hasPrompts: !prompts.isEmpty,
            hasCompletions: !prompts.isEmpty || !templates.isEmpty,
            hasTasks: tools.contains { $0.taskSupport != .forbidden })
        initialize = PerVersion { version in
            version.era == .modern
                ? ByteBuffer() : PreparedAnswers.initialize(info, instructions, offer, version)
        }
        var quietOffer = offer
        quietOffer.tellsChanges = false
        let quiet = quietOffer
        initializeAlone = PerVersion { version in
            version.era == .modern
                ? ByteBuffer() : PreparedAnswers.initialize(info, instructions, quiet, version)
        }
        discover = PreparedAnswers.discover(instructions, offer, meta, manner.eras)
        self.tools = PerVersion { version in
            PreparedAnswers.pages("tools", version, meta, tools, pageSize) { $0.write(into: &$1, version: version) }
        }
        self.resources = PerVersion { version in
            PreparedAnswers.pages("resources", version, meta, resources, pageSize) {
                $0.write(into: &$1, version: version)
            }
        }
        self.templates = PerVersion { version in
            PreparedAnswers.pages("resourceTemplates", version, meta, templates, pageSize) {
                $0.write(into: &$1, version: version)
            }
        }
        self.prompts = PerVersion { version in
            PreparedAnswers.pages("prompts", version, meta, prompts, pageSize) {
                $0.write(into: &$1, version: version)
            }
        }
    }

    /// Ends a result object that has members: with the server's identity where the revision wants it.
    func writeResultEnd(into buffer: inout ByteBuffer, version: MCPProtocolVersion) {
        if version.era == .modern { buffer.writeImmutableBuffer(modernMeta) }
        buffer.writeStaticString("}")
    }

    private static func initialize(
        _ info: ServerInfo, _ instructions: String?, _ offer: Offer, _ version: MCPProtocolVersion
    ) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeStaticString("{\"protocolVersion\":\"")
        buffer.writeStaticString(version.text)
        buffer.writeStaticString("\",")
        writeCapabilities(offer, version, into: &buffer)
        buffer.writeStaticString(",\"serverInfo\":")
        info.write(into: &buffer, version: version)
        writeInstructions(instructions, into: &buffer)
        buffer.writeStaticString("}")
        return buffer
    }

    private static func discover(_ instructions: String?, _ offer: Offer, _ meta: ByteBuffer, _ eras: Set<MCPEra>)
        -> ByteBuffer
    {
        var buffer = ByteBuffer()
        buffer.writeStaticString("{\"resultType\":\"complete\",\"supportedVersions\":")
        buffer.writeSupportedVersions(eras)
        buffer.writeStaticString(",")
        writeCapabilities(offer, .newestModern, into: &buffer)
        writeInstructions(instructions, into: &buffer)
        CacheHint.fixed.writeMembers(into: &buffer)
        buffer.writeImmutableBuffer(meta)
        buffer.writeStaticString("}")
        return buffer
    }

    private static func pages<Item>(
        _ name: StaticString, _ version: MCPProtocolVersion, _ meta: ByteBuffer, _ items: [Item], _ pageSize: Int,
        _ write: (Item, inout ByteBuffer) -> Void
    ) -> [ByteBuffer] {
        stride(from: 0, to: max(items.count, 1), by: pageSize).map { start in
            var buffer = ByteBuffer()
            buffer.writeStaticString(version.era == .modern ? "{\"resultType\":\"complete\",\"" : "{\"")
            buffer.writeStaticString(name)
            buffer.writeStaticString("\":[")
            let end = min(start + pageSize, items.count)
            for index in start..<end {
                if index > start { buffer.writeStaticString(",") }
                write(items[index], &buffer)
            }
            buffer.writeStaticString("]")
            if end < items.count {
                buffer.writeStaticString(",\"nextCursor\":")
                buffer.writeJSONString(PageCursor.text(start / pageSize + 1))
            }
            if version.era == .modern {
                CacheHint.fixed.writeMembers(into: &buffer)
                buffer.writeImmutableBuffer(meta)
            }
            buffer.writeStaticString("}")
            return buffer
        }
    }

    private static func writeCapabilities(
        _ offer: Offer, _ version: MCPProtocolVersion, into buffer: inout ByteBuffer
    ) {
        let changes: StaticString = offer.tellsChanges ? "{\"listChanged\":true}" : "{}"
        buffer.writeStaticString("\"capabilities\":{\"logging\":{},\"tools\":")
        buffer.writeStaticString(changes)
        if offer.hasResources {
            buffer.writeStaticString(",\"resources\":")
            buffer.writeStaticString(offer.tellsChanges ? "{\"subscribe\":true,\"listChanged\":true}" : "{}")
        }
        if offer.hasPrompts {
            buffer.writeStaticString(",\"prompts\":")
            buffer.writeStaticString(changes)
        }
        if offer.hasCompletions, version >= .v2025_03_26 { buffer.writeStaticString(",\"completions\":{}") }
        if offer.hasTasks, version == .v2025_11_25 {
            buffer.writeStaticString(",\"tasks\":{\"cancel\":{},\"requests\":{\"tools\":{\"call\":{}}}")
            // Without sessions there is no telling whose a task is.
            buffer.writeStaticString(offer.tellsChanges ? ",\"list\":{}}" : "}")
        }
        if offer.hasTasks, version.era == .modern {
            buffer.writeStaticString(",\"extensions\":{\"io.modelcontextprotocol/tasks\":{}}")
        }
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
    mutating func writeSupportedVersions(_ eras: Set<MCPEra>) {
        let served = MCPProtocolVersion.allCases.reversed().filter { eras.contains($0.era) }
        for (index, version) in served.enumerated() {
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
