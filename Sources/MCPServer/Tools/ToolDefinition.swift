import NIOCore
import Wire

/// What a server says about a tool in `tools/list`.
public struct ToolDefinition: Sendable {
    /// The name by which it is called: 1 to 128 characters of `A-Z a-z 0-9 _ - .`, unique in the server.
    public let name: String
    /// The name for people; revisions from 2025-06-18 on.
    public let title: String?
    /// What it does, for models and people.
    public let description: String
    /// What it does to the world, for clients that ask before they call; revisions from 2025-03-26 on.
    public let annotations: ToolAnnotations
    /// Whether its calls may run as tasks; only those of tools that wait. Revisions from 2025-11-25 on.
    public var taskSupport = TaskSupport.forbidden
    /// The JSON Schema of its arguments, on one line.
    let inputSchema: ByteBuffer
    /// The arguments that calls over HTTP repeat in their heads; revisions from 2026-07-28 on.
    let headerParameters: HeaderParameters
    /// The JSON Schema of its structured result; revisions from 2025-06-18 on.
    let outputSchema: ByteBuffer?

    /// A definition. Schemas are JSON texts with an object at the root (2020-12 where the revision does not say more).
    ///
    /// A property of the input schema that has `x-mcp-header` is repeated by modern clients in a header field of that name.
    /// A name outside of its grammar, a schema that is not a JSON object, or an annotation for which clients would refuse
    /// the tool is a mistake in the program and ends it.
    public init(
        name: String, title: String? = nil, description: String, inputSchema: String, outputSchema: String? = nil,
        annotations: ToolAnnotations = ToolAnnotations()
    ) {
        precondition(ToolDefinition.isName(name), "\"\(name)\" is not a name for a tool")
        self.name = name
        self.title = title
        self.description = description
        self.annotations = annotations
        self.inputSchema = ToolDefinition.compacted(inputSchema, "inputSchema of \(name)")
        do throws(HeaderParameters.SchemaMistake) {
            headerParameters = try HeaderParameters((try? JSONValue.parse(inputSchema)) ?? .null)
        } catch {
            preconditionFailure("inputSchema of \(name): \(error.message)")
        }
        self.outputSchema = outputSchema.map { ToolDefinition.compacted($0, "outputSchema of \(name)") }
    }

    /// The same with other support for tasks.
    public func supportingTasks(_ support: TaskSupport) -> ToolDefinition {
        var definition = self
        definition.taskSupport = support
        return definition
    }

    private static func isName(_ name: String) -> Bool {
        (1...128).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                default: false
                }
            }
    }

    /// The JSON text without the white space that makes it readable in a source file.
    private static func compacted(_ schema: String, _ what: String) -> ByteBuffer {
        guard let value = try? JSONValue.parse(schema), case .object = value else {
            preconditionFailure("\(what) is not a JSON object")
        }
        var buffer = ByteBuffer()
        value.write(into: &buffer)
        return buffer
    }

    /// Appends the tool as the revision knows it.
    func write(into buffer: inout ByteBuffer, version: MCPProtocolVersion) {
        buffer.writeStaticString("{")
        buffer.writeNaming(name, title, description, version)
        buffer.writeStaticString(",\"inputSchema\":")
        buffer.writeImmutableBuffer(inputSchema)
        if let outputSchema, version >= .v2025_06_18 {
            buffer.writeStaticString(",\"outputSchema\":")
            buffer.writeImmutableBuffer(outputSchema)
        }
        if taskSupport != .forbidden, version == .v2025_11_25 {
            buffer.writeStaticString(",\"execution\":{\"taskSupport\":")
            buffer.writeJSONString(taskSupport.rawValue)
            buffer.writeStaticString("}")
        }
        if version >= .v2025_03_26 { annotations.writeMember(into: &buffer, title: title, version: version) }
        buffer.writeStaticString("}")
    }
}
