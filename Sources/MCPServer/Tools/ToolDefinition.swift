import NIOCore
public import Wire

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
    /// The JSON Schema of its arguments.
    let input: ToolSchema
    /// The arguments that calls over HTTP repeat in their heads; revisions from 2026-07-28 on.
    let headerParameters: HeaderParameters
    /// The JSON Schema of its structured result; revisions from 2025-06-18 on.
    let output: ToolSchema?

    /// A definition. Schemas are JSON texts in JSON Schema 2020-12; the one of the input has an object at its root.
    ///
    /// Arguments are checked before the tool runs, and its structured results before they go out. An output schema that
    /// is not one of objects is shown to revisions from 2026-07-28 on.
    ///
    /// A property of the input schema that has `x-mcp-header` is repeated by modern clients in a header field of that name.
    /// A name outside of its grammar, a schema that cannot be used, or an annotation for which clients would refuse the
    /// tool is a mistake in the program and ends it.
    public init(
        name: String, title: String? = nil, description: String, inputSchema: String, outputSchema: String? = nil,
        annotations: ToolAnnotations = ToolAnnotations()
    ) {
        self.init(
            name: name, title: title, description: description,
            input: ToolSchema(parsing: inputSchema, "inputSchema of \(name)"),
            output: outputSchema.map { ToolSchema(parsing: $0, "outputSchema of \(name)") }, annotations: annotations)
    }

    /// A definition whose schemas are values; otherwise as above.
    public init(
        name: String, title: String? = nil, description: String, inputSchema: JSONValue,
        outputSchema: JSONValue? = nil, annotations: ToolAnnotations = ToolAnnotations()
    ) {
        self.init(
            name: name, title: title, description: description,
            input: ToolSchema(inputSchema, "inputSchema of \(name)"),
            output: outputSchema.map { ToolSchema($0, "outputSchema of \(name)") }, annotations: annotations)
    }

    private init(
        name: String, title: String?, description: String, input: ToolSchema, output: ToolSchema?,
        annotations: ToolAnnotations
    ) {
        precondition(ToolDefinition.isName(name), "\"\(name)\" is not a name for a tool")
        precondition(input.isOfObjects, "inputSchema of \(name): \"type\" must be \"object\"")
        self.name = name
        self.title = title
        self.description = description
        self.annotations = annotations
        self.input = input
        self.output = output
        do throws(HeaderParameters.SchemaMistake) {
            headerParameters = try HeaderParameters(input.value)
        } catch {
            preconditionFailure("inputSchema of \(name): \(error.message)")
        }
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

    /// Appends the tool as the revision knows it.
    func write(into buffer: inout ByteBuffer, version: MCPProtocolVersion) {
        buffer.writeStaticString("{")
        buffer.writeNaming(name, title, description, version)
        buffer.writeStaticString(",\"inputSchema\":")
        buffer.writeImmutableBuffer(input.json)
        if let output, version >= (output.isOfObjects ? .v2025_06_18 : .v2026_07_28) {
            buffer.writeStaticString(",\"outputSchema\":")
            buffer.writeImmutableBuffer(output.json)
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
